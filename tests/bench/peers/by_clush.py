"""clush's library: one task, a worker of up to as many ssh processes as there are hosts for each step, on connections kept by ControlMaster."""
import sys

from ClusterShell.Task import task_self

config, steps, *names = sys.argv[1:]
task = task_self()
task.set_info("fanout", len(names))
task.set_info("ssh_options", f"-F {config}")
for _ in range(int(steps)):
    task.run("/bin/true", nodes=",".join(names))
    if task.max_retcode() != 0:
        raise SystemExit("a step failed")
