# The job that calls the routes of its workspace, and /job/new. Its output lists the called paths.
import dxpy
from dxpy import api

called = []
real = api.DXHTTPRequest


def recording(resource, data, *args, **kwargs):
    called.append(resource)
    return real(resource, data, *args, **kwargs)


@dxpy.entry_point("main")
def main(n):
    api.DXHTTPRequest = recording
    here = dxpy.WORKSPACE_ID
    described = api.container_describe(here, {"folders": True})
    assert described["class"] == "container" and described["project"] == dxpy.PROJECT_CONTEXT_ID, described
    api.container_new_folder(here, {"folder": "/a/b", "parents": True})
    api.container_rename_folder(here, {"folder": "/a/b", "newpath": "/a/c"})
    record = api.record_new({"project": here, "name": "r", "close": True})["id"]
    api.container_move(here, {"objects": [record], "folders": [], "destination": "/a/c"})
    listed = api.container_list_folder(here, {"folder": "/a/c"})
    assert [one["id"] for one in listed["objects"]] == [record], listed
    assert api.container_clone(here, {"objects": [record], "project": here, "destination": "/"})["exists"] == [record]
    api.container_remove_objects(here, {"objects": [record]})
    api.container_remove_folder(here, {"folder": "/a", "recurse": True})
    assert api.container_list_folder(here, {"folder": "/"})["folders"] == []
    child = api.job_new({"function": "next", "input": {"n": n}})["id"]
    return {"called": called, "child": {"$dnanexus_link": {"job": child, "field": "n"}}}


@dxpy.entry_point("next")
def next_one(n):
    return {"n": n + 1}


dxpy.run()
