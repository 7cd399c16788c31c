#!/usr/bin/env python3
"""manifest.py UNIT MANIFEST FOLDER - hold the unit and the DaemonSet against each other and themselves; complain and exit with 1.

Writes into FOLDER node.ini, and the options of both daemons, a line each, with the paths of the node below FOLDER.
"""
import os
import re
import shlex
import sys

import yaml

unit_path, manifest_path, folder = sys.argv[1:]
complaints = []


def want(holds, text):
    if not holds:
        complaints.append(text)


def here(word):
    return folder + word if word.startswith("/") else word


# The unit: a key may come twice.
unit = {}
with open(unit_path) as lines:
    for line in lines:
        key, equals, value = line.strip().partition("=")
        if equals and not line.startswith("#"):
            unit.setdefault(key, []).append(value)
(start,) = unit["ExecStart"]
service = shlex.split(start)
program, service = service[0], [word for word in service[1:] if word != "$GPUSWAP_OPTIONS"]
want("$GPUSWAP_OPTIONS" in start, "the unit: no place for more options")
want(unit["CapabilityBoundingSet"] == ["CAP_SYS_PTRACE"], "the unit: other rights than CAP_SYS_PTRACE")
want(unit["NoNewPrivileges"] == ["yes"], "the unit: new rights")
want(unit["ProtectSystem"] == ["strict"] and "ReadWritePaths" not in unit, "the unit: writes elsewhere than into its folders")
want("AmbientCapabilities" not in unit, "the unit: rights for what it starts")
want(unit["ConditionPathExists"] == [service[1]], "the unit: waits for another scenario than it reads")
want(unit["RuntimeDirectory"] == ["gpuswap"] and unit["StateDirectory"] == ["gpuswap"], "the unit: other folders")
want(unit["RuntimeDirectoryPreserve"] == ["yes"], "the unit: the list of programs goes with the daemon")
want(os.access(program, os.X_OK), f"the unit: there is no {program}")

# The objects.
with open(manifest_path) as text:
    objects = {o["kind"]: o for o in yaml.safe_load_all(text)}
want(sorted(objects) == ["ConfigMap", "DaemonSet", "Namespace"], f"the manifest: {sorted(objects)}")
namespace = objects["Namespace"]["metadata"]["name"]
for kind in "ConfigMap", "DaemonSet":
    want(objects[kind]["metadata"]["namespace"] == namespace, f"{kind}: in another namespace than the manifest's")
spec = objects["DaemonSet"]["spec"]
pod = spec["template"]["spec"]
want(spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items(),
     "the DaemonSet selects other pods than it makes")
want(pod["nodeSelector"] == {"gpuswap": "yes"}, "the DaemonSet goes to nodes that nobody has chosen")
want(pod.get("hostPID") is True, "the DaemonSet: numbers of processes are not the host's")
want(not pod.get("hostNetwork") and not pod.get("hostIPC"), "the DaemonSet: more of the host than its numbers")
want(pod.get("automountServiceAccountToken") is False, "the DaemonSet: has a token of the cluster")
(container,) = pod["containers"]
security = container["securityContext"]
want(security["privileged"] is False and security["allowPrivilegeEscalation"] is False and
     security["readOnlyRootFilesystem"] is True, "the container: has more rights than it is to have")
want(security["capabilities"] == {"drop": ["ALL"], "add": ["SYS_PTRACE"]}, "the container: other rights than the unit's")
want("memory" in container["resources"]["limits"] and "memory" in container["resources"]["requests"],
     "the container: has no bound on its memory")
volumes = {v["name"]: v for v in pod["volumes"]}
mounts = {m["mountPath"]: m for m in container["volumeMounts"]}
want(sorted(volumes) == sorted(m["name"] for m in mounts.values()), "mounts and volumes do not match")
want(volumes["node"]["configMap"]["name"] == objects["ConfigMap"]["metadata"]["name"], "the scenario is not in the ConfigMap")
for path, mount in mounts.items():
    if "hostPath" in volumes[mount["name"]]:
        want(volumes[mount["name"]]["hostPath"]["path"] == path, f"{path}: lies elsewhere on the host")

# What the daemon is asked to do, in both.
pods = container["args"]
want(pods[0] == "gpuswap-sim", "the image is to have gpuswap-sim in its path")
pods = pods[1:]
for name, words in ("the unit", service), ("the manifest", pods):
    want(words[0] == "serve", f"{name}: no daemon")
    for option, written in (None, False), ("--socket", True), ("--db", True):
        path = words[words.index(option) + 1] if option else words[1]
        want(path == (service[service.index(option) + 1] if option else service[1]), f"{name}: {path} is not the unit's")
        mount = mounts.get(os.path.dirname(path))
        want(mount is not None, f"{path}: on no volume")
        want(not written or not (mount or {}).get("readOnly"), f"{path}: cannot be written")
probe = container["livenessProbe"]["exec"]["command"]
want(probe[:3] == ["gpuswap-sim", "ctl", "status"] and probe[4] == pods[pods.index("--socket") + 1],
     "the probe asks somebody else")

for mount in mounts:
    os.makedirs(here(mount), exist_ok=True)
with open(here(service[1]), "w") as scenario:
    scenario.write(objects["ConfigMap"]["data"][os.path.basename(service[1])])
for name, words in ("unit.words", service), ("pods.words", pods), ("probe.words", probe[1:]):
    with open(os.path.join(folder, name), "w") as out:
        out.writelines(here(word) + "\n" for word in words)

# What the pages say of it.
docs = os.path.join(os.environ["GPUSWAP_ROOT"], "docs")
for page, words in ("threat-model.md", ["CAP_SYS_PTRACE"]), ("serve.md", ["gpuswap=yes", "gpuswap-sim.service"]), \
        ("runbook.md", ["GPUSWAP_OPTIONS", "gpuswap=yes", service[1], service[service.index("--db") + 1]]):
    with open(os.path.join(docs, page)) as text:
        said = re.sub(r"\s+", " ", text.read())
        for word in words:
            want(word in said, f"docs/{page}: says nothing of {word}")

print("\n".join(complaints))
sys.exit(1 if complaints else 0)
