# Calls every route that users and jobs have once, through dxpy, with a correct request, and checks the answer. Prints the
# paths that were called, one JSON array on the last line. The routes of the job's own workspace are called from a job.
import hashlib, json, sys, time, urllib.request
import dxpy
from dxpy import api, exceptions

PASSWORD, USER = sys.argv[1], sys.argv[2]
called = []
real = dxpy.DXHTTPRequest


def recording(resource, data, *args, **kwargs):
    called.append(resource)
    return real(resource, data, *args, **kwargs)


dxpy.DXHTTPRequest = api.DXHTTPRequest = recording


def check(found, wanted):
    """Checks that the answer contains everything that is wanted."""
    if isinstance(wanted, dict):
        for key, value in wanted.items():
            assert key in found, "%r lacks %r" % (found, key)
            check(found[key], value)
    elif isinstance(wanted, list):
        assert len(found) == len(wanted), "%r is not %r" % (found, wanted)
        for one, other in zip(found, wanted):
            check(one, other)
    else:
        assert found == wanted, "%r is not %r" % (found, wanted)


def refused(error, call, *args):
    try:
        call(*args)
    except error as problem:
        return str(problem)
    raise AssertionError("%s was not refused" % (args,))


def call(path, data=None):
    return recording(path, data or {}, always_retry=True)


def ids(answer):
    return [result["id"] for result in answer["results"]]


def system(project):
    user = "user-" + USER
    check(api.system_whoami(), {"id": user})
    check(api.system_greet({"client": "dxclient", "version": "v0"}), {"messages": []})
    assert call("/system/comeBackLater")["currentTime"] > 0
    assert "user-agent" in {name.lower() for name in api.system_headers()}
    check(call("/system/getUserInfo"), {"username": USER})
    check(api.user_describe(user), {"id": user, "handle": USER, "billTo": user})
    check(api.user_update(user, {"sshPublicKey": "ssh-ed25519 AAAA"}), {"id": user})
    check(api.user_describe(user), {"sshPublicKey": "ssh-ed25519 AAAA"})
    token = call("/system/newAuthToken", {"username": USER, "password": PASSWORD})["access_token"]
    call("/system/destroyAuthToken", {"tokenSignature": hashlib.sha256(token.encode()).hexdigest()})
    spent = dxpy.DXHTTPOAuth2({"auth_token_type": "Bearer", "auth_token": token})
    refused(exceptions.InvalidAuthentication, lambda: real("/system/whoami", {}, auth=spent))
    assert project in ids(api.system_find_projects({"level": "ADMINISTER"}))
    check(api.system_find_apps(), {"results": [], "next": None})
    check(api.system_find_orgs({"level": "ADMIN"}), {"results": [], "next": None})
    check(api.system_find_global_workflows(), {"results": [], "next": None})
    for name in ("app-none", "app-none/1.0.0", "globalworkflow-none"):
        assert "Could not find" in refused(exceptions.ResourceNotFound, call, "/%s/describe" % name)


def projects(project):
    check(api.project_update(project, {"summary": "all routes"}), {"id": project})
    api.project_add_tags(project, {"tags": ["a", "b"]})
    api.project_remove_tags(project, {"tags": ["b"]})
    api.project_set_properties(project, {"properties": {"k": "v"}})
    described = api.project_describe(project, {"properties": True})
    check(described, {"name": "every route", "summary": "all routes", "tags": ["a"], "properties": {"k": "v"}})
    found = api.system_describe_projects({"projects": [project, "project-" + "0" * 24]})["results"]
    check(found[0], {"describe": {"id": project, "summary": "all routes"}})
    check(found[1], {"error": {"type": "ResourceNotFound"}, "statusCode": 404})
    api.project_invite(project, {"invitee": "user-other", "level": "VIEW"})
    check(api.project_describe(project, {"permissions": True}), {"permissions": {"user-other": "VIEW"}})
    api.project_decrease_permissions(project, {"user-other": None})
    assert "user-other" not in api.project_describe(project, {"permissions": True})["permissions"]
    gone = api.project_new({"name": "to be left"})["id"]
    assert "without an administrator" in refused(exceptions.InvalidState, api.project_leave, gone)
    check(api.project_destroy(gone), {"id": gone})
    refused(exceptions.ResourceNotFound, api.project_describe, gone)


def folders(project, other):
    api.project_new_folder(project, {"folder": "/a/b", "parents": True})
    api.project_rename_folder(project, {"folder": "/a/b", "newpath": "/a/c"})
    record = api.record_new({"project": project, "folder": "/a/c", "name": "r", "close": True})["id"]
    api.project_move(project, {"objects": [record], "folders": [], "destination": "/a"})
    listed = api.project_list_folder(project, {"folder": "/a"})
    check(listed, {"folders": ["/a/c"], "objects": [{"id": record}]})
    check(api.project_clone(project, {"objects": [record], "project": other, "destination": "/"}), {"exists": []})
    check(api.record_list_projects(record), {project: "ADMINISTER", other: "ADMINISTER"})
    api.project_remove_objects(project, {"objects": [record]})
    api.project_remove_folder(project, {"folder": "/a", "recurse": True})
    check(api.project_list_folder(project, {"folder": "/"}), {"folders": []})


def metadata(kind, project, object_id, opened):
    """Calls the routes that every class has, and those of an open object if `opened`."""
    method = lambda name: getattr(api, "%s_%s" % (kind, name))
    if opened:
        method("add_types")(object_id, {"types": ["T", "U"]})
        method("remove_types")(object_id, {"types": ["U"]})
        method("set_details")(object_id, {"a": [1]})
        method("set_visibility")(object_id, {"hidden": True})
        check(method("describe")(object_id), {"types": ["T"], "hidden": True})
        check(method("get_details")(object_id), {"a": [1]})
        method("set_visibility")(object_id, {"hidden": False})
    method("rename")(object_id, {"project": project, "name": "renamed"})
    method("add_tags")(object_id, {"project": project, "tags": ["x", "y"]})
    method("remove_tags")(object_id, {"project": project, "tags": ["y"]})
    method("set_properties")(object_id, {"project": project, "properties": {"k": "v"}})
    wanted = {"id": object_id, "class": kind, "name": "renamed", "tags": ["x"], "properties": {"k": "v"}}
    check(method("describe")(object_id, {"properties": True}), wanted)
    assert isinstance(method("get_details")(object_id), dict)
    check(method("list_projects")(object_id), {project: "ADMINISTER"})


def objects(project):
    record = api.record_new({"project": project, "name": "r"})["id"]
    metadata("record", project, record, True)
    check(api.record_close(record), {"id": record})
    file_id = api.file_new({"project": project, "name": "s1.txt"})["id"]
    metadata("file", project, file_id, True)
    digest = hashlib.md5(b"bytes").hexdigest()
    target = api.file_upload(file_id, {"index": 1, "size": 5, "md5": digest})
    real(target["url"], b"bytes", method="PUT", headers=target["headers"], auth=None, prepend_srv=False, jsonify_data=False)
    check(api.file_close(file_id), {"id": file_id})
    check(api.file_describe(file_id), {"state": "closed", "size": 5})
    link = api.file_download(file_id, {"preauthenticated": True})["url"]
    assert urllib.request.urlopen(link).read() == b"bytes"
    api.file_rename(file_id, {"project": project, "name": "s1.txt"})
    return record, file_id


def searches(project, record, file_id):
    found = api.system_find_data_objects({"scope": {"project": project}, "name": {"glob": "s*.txt"}})
    assert ids(found) == [file_id], found
    found = api.system_resolve_data_objects({"objects": [{"name": "renamed"}], "project": project})
    assert record in [one["id"] for one in found["results"][0]]
    found = api.system_describe_data_objects({"objects": [file_id, "record-" + "0" * 24]})["results"]
    check(found[0], {"describe": {"name": "s1.txt"}})
    check(found[1], {"error": {"type": "ResourceNotFound"}, "statusCode": 404})
    batches = api.system_generate_batch_inputs({"project": project, "folder": "/", "inputs": {"f": "s(.*).txt"}})
    check(batches, {"batchInputs": [{"batchPattern": "1", "inputs": {"f": {"name": "s1.txt", "ids": [file_id]}}}]})


def executions(project, job_code):
    run_spec = {"interpreter": "python3", "code": job_code, "distribution": "Ubuntu", "release": "24.04", "version": "0"}
    spec = [{"name": "n", "class": "int"}]
    outputs = [{"name": "called", "class": "array:string"}, {"name": "child", "class": "int"}]
    applet = {"project": project, "name": "applet", "dxapi": "1.0.0", "inputSpec": spec, "outputSpec": outputs}
    applet = api.applet_new(dict(applet, runSpec=run_spec))["id"]
    metadata("applet", project, applet, False)
    check(api.applet_get(applet), {"runSpec": {"code": job_code}})
    rows = api.applet_validate_batch(applet, {"batchInput": {"n": [1, 2]}, "commonInput": {}})
    check(rows, {"expandedBatch": [{"n": 1}, {"n": 2}]})
    job = api.applet_run(applet, {"project": project, "input": {"n": 6}})["id"]
    api.job_add_tags(job, {"tags": ["x", "y"]})
    api.job_remove_tags(job, {"tags": ["y"]})
    api.job_set_properties(job, {"properties": {"k": "v"}})
    api.job_update(job, {"allowSSH": []})
    described = wait(job)
    check(described, {"state": "done", "tags": ["x"], "properties": {"k": "v"}, "output": {"child": 7}})
    check(api.job_terminate(job), {"id": job})
    check(call("/%s/release" % job), {"id": job})
    found = api.system_describe_executions({"executions": [{"id": job, "describe": {"fields": {"state": True}}}]})
    assert found == {"results": [{"describe": {"state": "done"}}]}, found
    for search in (api.system_find_executions, api.system_find_jobs):
        found = search({"originJob": [job], "describe": {"fields": {"function": True}}})
        assert sorted(one["describe"]["function"] for one in found["results"]) == ["main", "next"], found
    called.extend(described["output"]["called"])


def workflows(project):
    code = "import dxpy\n@dxpy.entry_point('main')\ndef main(n):\n    return {'n': n + 1}\ndxpy.run()\n"
    run_spec = {"interpreter": "python3", "code": code, "distribution": "Ubuntu", "release": "24.04", "version": "0"}
    spec = [{"name": "n", "class": "int"}]
    body = {"project": project, "dxapi": "1.0.0", "inputSpec": spec, "outputSpec": spec, "runSpec": run_spec}
    first, second = [api.applet_new(dict(body, name=name))["id"] for name in ("first", "second")]
    made = api.workflow_new({"project": project, "name": "w"})
    workflow = made["id"]
    metadata("workflow", project, workflow, True)
    edits = [made["editVersion"]]

    def edit(method, wanted, **more):
        answer = call("/%s/%s" % (workflow, method), dict(more, editVersion=edits[-1]))
        check(answer, dict(wanted, id=workflow, editVersion=edits[-1] + 1))
        edits.append(answer["editVersion"])

    edit("addStage", {"stage": "a"}, executable=first, id="a", input={"n": 1})
    edit("addStage", {"stage": "b"}, executable=first, id="b")
    edit("addStage", {"stage": "c"}, executable=first, id="c")
    edit("removeStage", {}, stage="c")
    edit("moveStage", {}, stage="b", newIndex=0)
    compatible = call("/%s/isStageCompatible" % workflow, {"editVersion": edits[-1], "stage": "b", "executable": second})
    check(compatible, {"compatible": True})
    edit("updateStageExecutable", {}, stage="b", executable=second, force=False)
    other = api.workflow_new({"project": project, "name": "v", "initializeFrom": {"id": workflow, "project": project}})["id"]
    edit("overwrite", {}, **{"from": {"id": other, "project": project}})
    link = {"$dnanexus_link": {"stage": "a", "outputField": "n"}}
    edit("update", {}, title="Two stages", stages={"b": {"input": {"n": link}}})
    check(call("/%s/validateBatch" % workflow, {"batchInput": {"a.n": [1, 2]}}), {"expandedBatch": [{"a.n": 1}, {"a.n": 2}]})
    check(call("/%s/close" % workflow), {"id": workflow})
    asked = {"project": project, "input": {"a.n": 5}}
    assert [one["id"] for one in call("/%s/dryRun" % workflow, asked)["stages"]] == ["b", "a"]
    analysis = api.workflow_run(workflow, asked)["id"]
    for method, data in (
        ("addTags", {"tags": ["x", "y"]}),
        ("removeTags", {"tags": ["y"]}),
        ("setProperties", {"properties": {"k": "v"}}),
        ("update", {}),
    ):
        check(call("/%s/%s" % (analysis, method), data), {"id": analysis})
    wanted = {"state": "done", "tags": ["x"], "properties": {"k": "v"}, "output": {"a.n": 6, "b.n": 7}}
    check(wait(analysis), wanted)
    check(call("/%s/terminate" % analysis), {"id": analysis})
    assert ids(api.system_find_analyses({"project": project})) == [analysis]
    published("app", "applet", first, {"n": 1})
    published("globalworkflow", "workflow", workflow, {"a.n": 1})
    app = call("/app-app-named/describe", {"fields": {"id": True}})["id"]
    job = api.app_run(app, input_params={"project": project, "input": {"n": 1}})["id"]
    check(wait(job), {"state": "done", "output": {"n": 2}})
    analysis = api.global_workflow_run("globalworkflow-globalworkflow-named", input_params={"project": project, "input": {"a.n": 5}})
    check(wait(analysis["id"]), {"state": "done", "output": {"a.n": 6, "b.n": 7}})
    check(api.app_get(app), {"id": app, "runSpec": {"code": code}})
    check(api.app_install(app), {"id": app})
    check(api.user_describe("user-" + USER), {"appsInstalled": ["app-named"]})
    check(api.app_uninstall(app), {"id": app})


def published(class_name, key, executable, values):
    name = class_name + "-named"
    options = {"aws:us-east-1": {key: executable}}
    new = {"name": name, "version": "1.0.0", "regionalOptions": options}
    version = call("/%s/new" % class_name, new)["id"]
    series = "%s-%s" % (class_name, name)
    user, other = "user-" + USER, "user-other"
    for path, method, data, wanted in (
        (series, "describe", {}, {"id": version, "aliases": ["1.0.0", "default"], "regionalOptions": options}),
        (version, "update", {"title": "Named"}, {"id": version}),
        (version, "publish", {"makeDefault": True}, {"id": version}),
        (series, "addTags", {"tags": ["x", "y"]}, {"id": version}),
        (series + "/x", "removeTags", {"tags": ["x"]}, {"id": version}),
        (series, "addDevelopers", {"developers": [other]}, {"id": version}),
        (series, "listDevelopers", {}, {"developers": [user, other]}),
        (series, "removeDevelopers", {"developers": [other]}, {"id": version}),
        (series, "addAuthorizedUsers", {"authorizedUsers": [other, "PUBLIC"]}, {"id": version}),
        (series, "removeAuthorizedUsers", {"authorizedUsers": ["PUBLIC"]}, {"id": version}),
        (series, "listAuthorizedUsers", {}, {"authorizedUsers": [other]}),
        (series, "addCategories", {"categories": ["a", "b"]}, {"id": version}),
        (series, "removeCategories", {"categories": ["b"]}, {"id": version}),
        (series, "listCategories", {}, {"categories": ["a"]}),
        (series + "/1.0.0", "validateBatch", {"batchInput": {key: [value] for key, value in values.items()}}, {"expandedBatch": [values]}),
        (version, "describe", {}, {"title": "Named", "aliases": ["1.0.0", "default", "y"], "categories": ["a"]}),
    ):
        check(call("/%s/%s" % (path, method), data), wanted)
    search = api.system_find_apps if class_name == "app" else api.system_find_global_workflows
    assert ids(search({"name": {"glob": "*-named"}, "published": True, "category": "a"})) == [version]
    second = call("/%s/new" % class_name, dict(new, version="2.0.0"))["id"]
    check(call("/%s/delete" % second), {"id": second})
    check(call("/%s/describe" % second), {"deleted": True, "aliases": []})


def wait(execution):
    deadline = time.time() + 60
    while time.time() < deadline:
        described = call("/%s/describe" % execution)
        if described["state"] in ("done", "failed", "terminated"):
            return described
        time.sleep(0.1)
    raise AssertionError("%s is still %s" % (execution, described["state"]))


project = api.project_new({"name": "every route"})["id"]
other = api.project_new({"name": "other"})["id"]
system(project)
projects(project)
folders(project, other)
searches(project, *objects(project))
executions(project, open("every-workspace-route.py").read())
workflows(project)
api.project_destroy(project, {"terminateJobs": True})
api.project_destroy(other)
print(json.dumps(called))
