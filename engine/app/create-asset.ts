// The apps that build assets. Their program makes a record with an archive of the files that packages, a makefile and a
// folder of resources add to `/` (docs/decisions/assets.md).

import type { BuiltInApp } from '../../core/app/built-in.ts';
import type { AppletSpec } from '../../core/executable/applet.ts';

/** The specification of one of these apps. */
export function assetBuilder({ release, environment: version }: BuiltInApp): AppletSpec {
  return {
    inputSpec: [
      { name: 'conf_json', class: 'file', label: 'dxasset.json' },
      { name: 'custom_asset', class: 'file', optional: true, label: 'Archive of the folder resources' },
      { name: 'asset_makefile', class: 'file', optional: true, label: 'Makefile' },
    ],
    outputSpec: [{ name: 'asset_bundle', class: 'record', label: 'Asset' }],
    runSpec: { interpreter: 'python3', code, distribution: 'Ubuntu', release, version },
    dxapi: '1.0.0',
    access: { network: ['*'] },
    title: `Asset builder for Ubuntu ${release}`,
    summary: 'Makes an asset from packages, a makefile and resources',
    description: '`dx build_asset` runs this app.',
    developerNotes: '',
    ignoreReuse: false,
  };
}

// The job that was run makes an applet that asks for the packages, so that they are installed as for every job, and runs
// it. The job of that applet packs whatever the first job did not have.
const code = `import json
import os
import subprocess
import sys
import tarfile

import dxpy

# The places where an installation puts files, and in them what belongs to the machine, the job or the installation.
ROOTS = ['/usr', '/etc', '/opt', '/srv', '/var/lib', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']
LEFT_OUT = [
    '/opt/espalier', '/opt/dnanexus', '/var/lib/apt', '/var/lib/dpkg',
    '/etc/hostname', '/etc/hosts', '/etc/resolv.conf', '/etc/mtab',
]


@dxpy.entry_point('main')
def main(**inputs):
    return plan(**inputs) if 'conf_json' in inputs else pack(**inputs)


def plan(conf_json, asset_makefile=None, custom_asset=None):
    job = dxpy.describe(dxpy.JOB_ID, fields={'name': True, 'executableName': True, 'app': True})
    conf = json.loads(dxpy.DXFile(conf_json).read())
    packages = conf.get('execDepends', [])
    pip = [one for one in packages if one.get('package_manager') in ('pip', 'pip3')]
    others = [one for one in packages if one not in pip]
    workspace = dxpy.WORKSPACE_ID
    before = dxpy.upload_string(list_files(), name='files', project=workspace, wait_on_close=True)
    run_spec = {
        'interpreter': 'python3',
        'code': open(os.path.join(os.environ['HOME'], dxpy.JOB_ID + '.code.py')).read(),
        'distribution': conf.get('distribution', 'Ubuntu'),
        'release': conf['release'],
        'version': conf.get('runSpecVersion', '0'),
        'execDepends': others,
    }
    if custom_asset is not None:
        run_spec['bundledDepends'] = [{'name': 'resources.tar.gz', 'id': custom_asset}]
    applet = dxpy.api.applet_new({
        'project': workspace, 'name': 'pack', 'dxapi': '1.0.0', 'runSpec': run_spec, 'access': {'network': ['*']},
    })
    given = job['name'] if job['name'] != job['executableName'] else conf['name']
    inputs = {'name': given, 'conf': conf, 'pip': pip, 'before': dxpy.dxlink(before)}
    if asset_makefile is not None:
        inputs['makefile'] = asset_makefile
    packing = dxpy.api.applet_run(applet['id'], {'input': inputs, 'name': given + ': packing'})
    return {'asset_bundle': {'$dnanexus_link': {'job': packing['id'], 'field': 'asset_bundle'}}}


def pack(name, conf, pip, before, makefile=None):
    old = set(dxpy.DXFile(before).read().splitlines())
    if pip:
        words = [one['name'] + ('==' + one['version'] if 'version' in one else '') for one in pip]
        run(['python3', '-m', 'pip', 'install', '--no-input', '--no-cache-dir', '--'] + words)
    if makefile is not None:
        dxpy.download_dxfile(makefile, 'Makefile')
        run(['make', '-f', 'Makefile'])
    new = [line.split('\\t')[0] for line in list_files().splitlines() if line not in old]
    if not new:
        raise dxpy.AppError('Nothing was installed: every package is there already, and there are no resources')
    archive = name.replace('/', '_') + '.tar.gz'
    with tarfile.open(archive, 'w:gz') as packed:
        for path in sorted(new):
            packed.add(path, arcname='.' + path, recursive=False)
    print('%d files and folders, %d bytes packed' % (len(new), os.path.getsize(archive)))
    file = dxpy.upload_local_file(archive, hidden=True, wait_on_close=True)
    details = {'archiveFileId': dxpy.dxlink(file), 'name': conf['name']}
    for field in ('title', 'description', 'version', 'release', 'distribution', 'runSpecVersion'):
        if field in conf:
            details[field] = conf[field]
    properties = {field: str(conf[field]) for field in ('title', 'description', 'version') if field in conf}
    record = dxpy.new_dxrecord(name=name, types=['AssetBundle'], details=details, properties=properties, close=True)
    return {'asset_bundle': dxpy.dxlink(record)}


def list_files():
    """A line for each file, link and folder: its path, kind, size, time and target. Folders have no time."""
    roots = ROOTS + [root for root in [sys.prefix] if not root.startswith(('/usr', '/opt'))]
    skipped = []
    for path in LEFT_OUT:
        skipped += ['-path', path, '-o']
    command = ['find'] + [root for root in roots if os.path.isdir(root) and not os.path.islink(root)]
    command += ['('] + skipped + ['-name', '__pycache__', ')', '-prune', '-o']
    command += ['-type', 'd', '-printf', r'%p\\td\\n', '-o']
    command += ['(', '-type', 'f', '-o', '-type', 'l', ')', '-printf', r'%p\\t%y\\t%s\\t%T@\\t%l\\n']
    return subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout.decode(errors='surrogateescape')


def run(command):
    print('$ ' + ' '.join(command), flush=True)
    if subprocess.call(command) != 0:
        raise dxpy.AppError(command[0] + ' failed: its words are in the log')
`;
