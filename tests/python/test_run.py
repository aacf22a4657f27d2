# SPDX-License-Identifier: Apache-2.0
"""The public layer: contexts, hosts, plans and their events, results, errors."""

from __future__ import annotations

import datetime
import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import RECORDED

import kb

SAY = kb.script("say.yes", "true")
BREAK = kb.script("break.it", "exit 1", "echo it broke; exit 3")


def test_a_step_on_a_host(here: kb.Host) -> None:
    result = here.run(SAY, timeout=30)
    assert (result.verdict, result.changed, result.exit_status, result.diff) == (kb.Verdict.PRESENT, False, 0, "")
    assert result.duration >= datetime.timedelta(0) and result.error is None and result.outputs == {}
    assert repr(result) == "<kb.Result here say.yes: present>"


def test_a_check_touches_nothing(here: kb.Host, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    step = kb.script("make.mark", 'test -e "$mark"', ': >"$mark"', mark=mark)
    found = here.check(step)
    assert found.verdict == kb.Verdict.ABSENT and found.changed and not mark.exists()
    assert here.run(step).changed and mark.exists()
    assert not here.run(step).changed


def test_what_a_step_differs_in(here: kb.Host, tmp_path: Path) -> None:
    fstab = tmp_path / "hosts"
    fstab.write_text("127.0.0.1 localhost\n")
    result = here.check(kb.script("differ", f"cmp -s {fstab} /dev/null"))
    assert result.verdict == kb.Verdict.ABSENT and result.changes == ()


def test_a_step_that_fails_raises_with_all_that_is_known(here: kb.Host) -> None:
    with pytest.raises(kb.StepFailed) as caught:
        here.run(BREAK)
    error = caught.value
    assert (error.code, error.host, error.step) == (kb.Code.ESTEP, "here", "break.it")
    assert "it broke" in "\n".join(error.evidence) and str(error) == error.cause and "\n" not in str(error)
    assert error.result is not None and error.result.exit_status == 3 and "it broke" in error.result.log
    assert error.result.error is not None and "failed" not in repr(error.result)


def test_errors_survive_pickling(here: kb.Host) -> None:
    with pytest.raises(kb.StepFailed) as caught:
        here.run(BREAK)
    error = caught.value
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kb.StepFailed
    assert all(getattr(again, k) == getattr(error, k) for k in ("cause", "code", "id", "host", "step", "evidence", "fix"))
    assert str(again) == str(error) and again.result is None


@pytest.mark.parametrize(("error", "base"), [
    (kb.InvalidArgument, ValueError), (kb.TooBig, ValueError), (kb.NoMemory, MemoryError), (kb.LocalIO, OSError),
    (kb.Unreachable, ConnectionError), (kb.Timeout, TimeoutError),
])
def test_errors_are_pythons_own_too(error: type[kb.Error], base: type[Exception]) -> None:
    assert issubclass(error, base) and issubclass(error, kb.Error)
    made = pickle.loads(pickle.dumps(error("it broke", code=-1, host="a", evidence=("one", "two"))))
    assert isinstance(made, base) and (str(made), made.host, made.evidence) == ("it broke", "a", ("one", "two"))


def test_every_code_has_its_class() -> None:
    classes = {e for e in vars(kb).values() if isinstance(e, type) and issubclass(e, kb.Error)}
    assert len(classes) == len(kb.Code)         # Error itself stands for what this version does not know, OK for none
    for code in kb.Code:
        assert code == kb.Code.OK or any(f"KB_{code.name}" in str(c.__doc__).split(":")[0] for c in classes)


def test_a_context_is_closed_by_its_block(cluster_file: str) -> None:
    with kb.Context() as c:
        host, cluster, plan = c.host("a", "local:"), c.cluster(cluster_file), c.plan()
    for call in (c.plan, c.cluster, c.dispatch, c.fileno, lambda: plan.add(host, SAY), lambda: plan.apply().wait()):
        with pytest.raises(kb.InvalidArgument):
            call()
    c.close()
    assert cluster.hosts == ("one", "two")


def test_leaving_the_block_cancels_what_runs(here: kb.Host, context: kb.Context) -> None:
    with kb.Context() as c:
        plan = c.plan()
        plan.add(c.host("there", "local:"), kb.script("be.slow", "sleep 1"))
        plan.apply().start()
        c.wait(0)
    assert here.run(SAY, timeout=60).verdict == kb.Verdict.PRESENT      # the host's lock is free again


def test_the_events_of_a_run(context: kb.Context, here: kb.Host) -> None:
    plan = context.plan()
    first, second = plan.add(here, SAY), plan.add(here, kb.script("say.two", "true"))
    second.after(first)
    run = plan.apply(timeout=60)
    assert "not started" in repr(run) and len(plan) == 2 and [t.step for t in plan.tasks] == ["say.yes", "say.two"]
    seen = [event for event in run if event.kind != kb.EventKind.NOTE]      # of others who have this machine's lock
    assert [str(e.kind) for e in seen] == ["plan-started", "host-connected", "step-done", "step-done", "plan-done"]
    assert {e.run for e in seen} == {run.start()} and seen[0].total == 2
    assert [(e.host, e.step, e.task) for e in seen[2:4]] == [("here", "say.yes", 0), ("here", "say.two", 1)]
    assert seen[0].task is None and all(e.status == kb.Code.OK and e.error is None for e in seen)
    now = datetime.datetime.now(datetime.timezone.utc)
    assert all(abs(now - e.time) < datetime.timedelta(minutes=10) for e in seen)
    assert seen[2].to_dict()["step"] == "say.yes" == json.loads(seen[2].json())["step"]
    assert repr(seen[2]).startswith("<kb.Event step-done here say.yes present")
    assert repr(first) == "<kb.Task here say.yes>" and repr(plan) == "<kb.Plan of 2 tasks>" and repr(here) == "<kb.Host here>"
    assert list(run) == []


def test_a_run_that_failed_raises_after_its_last_event(context: kb.Context, here: kb.Host) -> None:
    plan = context.plan()
    plan.add(here, BREAK)
    seen = []
    with pytest.raises(kb.StepFailed) as caught:
        for event in plan.apply():
            seen.append(event)
    assert seen[-1].kind == kb.EventKind.PLAN_DONE and seen[-1].status == caught.value.code
    (done,) = (e for e in seen if e.kind == kb.EventKind.STEP_DONE)
    assert isinstance(done.error, kb.StepFailed) and "it broke" in done.log and done.exit_status == 3
    with pytest.raises(kb.StepFailed):
        plan.apply().wait()


def test_leaving_the_loop_early_cancels_the_run(context: kb.Context, here: kb.Host) -> None:
    plan = context.plan()
    for i in range(3):
        plan.add(here, kb.script(f"be.slow-{i}", "sleep 0.3"))
    run = plan.apply()
    for event in run:
        if event.kind == kb.EventKind.HOST_CONNECTED:
            break
    with pytest.raises(kb.Canceled):
        run.wait()


@pytest.mark.parametrize("kind", [kb.EventKind.PLAN_STARTED, kb.EventKind.HOST_CONNECTED])
def test_a_plan_whose_loop_was_left_runs_again(context: kb.Context, here: kb.Host, kind: kb.EventKind) -> None:
    plan = context.plan()
    for i in range(3):
        plan.add(here, kb.script(f"be.quick-{i}", "true"))
    left = plan.apply()
    for event in left:
        if event.kind == kind:
            break
    assert not plan.running
    again = plan.apply(timeout=60)
    seen = list(again)
    assert {e.run for e in seen} == {again.start()} != {left.start()}
    assert seen[-1].kind == kb.EventKind.PLAN_DONE and seen[-1].error is None
    for _ in range(2):
        with pytest.raises(kb.Canceled):
            left.wait()


def test_a_run_gets_its_own_events_after_its_plan_was_started_again(context: kb.Context, here: kb.Host) -> None:
    plan = context.plan()
    plan.add(here, BREAK)
    first, dropped, second = plan.apply(), plan.check(), plan.check()
    for run in (first, dropped, second):
        while "not started" in repr(run):
            try:
                run.start()
            except kb.Busy:         # the one before has not ended; what it told stays in the plan
                context.wait(30)
    number = dropped.start()
    del run, dropped
    seen = list(second)
    assert {e.run for e in seen} == {second.start()} and number not in (first.start(), second.start())
    assert (seen[0].kind, seen[-1].kind, seen[-1].error) == (kb.EventKind.PLAN_STARTED, kb.EventKind.PLAN_DONE, None)
    with pytest.raises(kb.StepFailed):
        first.wait()


def test_an_output_is_another_tasks_parameter(context: kb.Context, here: kb.Host) -> None:
    plan = context.plan()
    facts = plan.add(here, kb.host_facts())
    plan.add(here, SAY)
    assert facts.output("none") is None
    plan.check(timeout=60).wait()
    assert facts.outputs and all(isinstance(v, bytes) for v in facts.outputs.values())
    with pytest.raises(kb.InvalidArgument, match="no such output|output"):
        plan.add(here, kb.kubeadm_join()).bind("token", facts, "tokn")


def test_only_and_skip_and_barriers(context: kb.Context, here: kb.Host) -> None:
    plan = context.plan()
    plan.add(here, SAY)
    plan.barrier()
    plan.add(here, kb.script("say.two", "true")).on_demand().wave("all", 2).wave(None)
    plan.skip("*.two")
    assert [e.step for e in plan.apply() if e.kind == kb.EventKind.STEP_DONE and not e.skipped] == ["say.yes"]
    with pytest.raises(kb.InvalidArgument, match="fits|no task"):
        plan.only("nothing.*")


def test_settings(context: kb.Context) -> None:
    host = context.host("a", "ssh://me@b:2222", identity=Path("/tmp/key"), known_hosts=["one", "two"], accept_new=True, ask=("password", "host_key"))
    assert [host.get(k) for k in ("user", "address", "port", "identity", "known_hosts", "accept_new", "ask")] == [
        "me", "b", "2222", "/tmp/key", "one:two", "yes", "password,host_key"]
    host.set(port=None, password="secret", passphrase=b"\xff", answers=["one", "two"])
    assert host.get("port") == "22" and host.get("password") is None and host.name == "a"
    assert "jump" in kb.Host.keys() and "password" not in kb.Host.keys()
    host.set(password=None)


@pytest.mark.parametrize(("wrong", "nearest"), [({"identty": "x"}, "identity"), ({"pasword": "x"}, "password"), ({"knownhosts": "x"}, "known_hosts")])
def test_an_unknown_setting_tells_the_nearest(context: kb.Context, wrong: dict[str, str], nearest: str) -> None:
    with pytest.raises(kb.InvalidArgument, match=rf"nearest is {nearest}\b"):
        context.host("a", "ssh://b").set(**wrong)


def test_a_description(context: kb.Context, cluster_file: str) -> None:
    cluster = context.cluster(cluster_file)
    assert cluster.hosts == ("one", "two") and cluster.get("network.pods") == "172.16.0.0/16" and repr(cluster) == "<kb.Cluster of 2 hosts>"
    cluster.set("network.pods", "10.244.0.0/16").validate()
    assert cluster.get("network.pods") == "10.244.0.0/16"
    assert ("one", "kubeadm.init") in [(t.host, t.step) for t in cluster.plan_up().tasks]
    with pytest.raises(kb.InvalidArgument, match="nearest is network.pods"):
        cluster.set("network.pod", "10.244.0.0/16")
    fields = kb.Cluster.fields()
    assert "network.pods" in fields and "hosts[].role" in fields and all(fields.values())


def test_a_description_by_calls_is_the_same(context: kb.Context, cluster_file: str) -> None:
    made = context.cluster()
    for key, value in {"kubernetes.version": "1.34.4", "network.nodes": "192.168.1.0/24", "network.pods": "172.16.0.0/16",
                       "network.services": "10.96.0.0/12"}.items():
        made.set(key, value)
    made.add_host("one", "192.168.1.2", "control-plane").add_host("two", "192.168.1.3", labels={"disk": "ssd", "zone": 1})
    made.set_secret("password", "secret").set_secret("sudo_password", b"other", host="one").add_kubeadm("kind: KubeProxyConfiguration\n")
    made.validate()
    told = [(t.host, t.step) for t in made.plan_up().tasks]
    assert [one for one in told if one[1] == "kubeadm.join"] == [("two", "kubeadm.join")]
    for plan in (made.plan_reset(), made.plan_status()):
        assert len(plan) > 0


def test_an_error_says_where_a_description_is_wrong(context: kb.Context) -> None:
    with pytest.raises(kb.InvalidArgument, match=r"^my\.yaml:2:1") as caught:
        context.parse_cluster("kubernetes: {version: 1.34.4}\nhots: []\n", "my.yaml")
    assert caught.value.id == "cluster.unknown-key" and isinstance(caught.value, ValueError)
    with pytest.raises(kb.LocalIO):
        context.cluster("/nowhere/cluster.yaml")


@pytest.mark.parametrize(("name", "check", "changed"), [("complete", False, False), ("check", True, True)])
def test_a_recorded_cluster(context: kb.Context, recorded: Callable[[str], Path], name: str, check: bool, changed: bool) -> None:
    cluster = context.cluster(recorded(name))
    done = [e for e in cluster.up(check=check, timeout=120) if e.kind == kb.EventKind.STEP_DONE]
    assert {e.host for e in done} == set(cluster.hosts) and any(e.changed for e in done) == changed
    init = next(e for e in done if e.step == "kubeadm.init")
    assert init.verdict == (kb.Verdict.ABSENT if changed else kb.Verdict.PRESENT) and init.changed == changed
    if changed:
        assert any(c.kind == "file" and c.after for e in done for c in e.changes) and any(e.diff for e in done)


def test_a_recorded_status_and_reset(context: kb.Context, recorded: Callable[[str], Path]) -> None:
    run = context.cluster(recorded("status")).status()
    run.wait()
    (status,) = (t.outputs["status"] for t in run.plan.tasks if t.step == "cluster.status")
    assert [n["name"] for n in json.loads(status)["nodes"]][0] == "cluster1-master1"
    assert any(e.changed for e in context.cluster(recorded("reset")).reset())


def test_a_recorded_failure_is_the_same_exception(context: kb.Context, recorded: Callable[[str], Path]) -> None:
    with pytest.raises(kb.Error) as caught:
        context.cluster(recorded("broken")).up().wait()
    assert caught.value.host and caught.value.step and caught.value.code < 0


def test_hosts_are_recorded_and_played(context: kb.Context, here: kb.Host, tmp_path: Path) -> None:
    recording = tmp_path / "host.rec"
    with kb.Context() as c:
        c.host("here", "local:", record=recording).run(kb.script("say.arg", 'test "$arg" = yes', arg="yes"))
    assert re.search("^probe say.arg$", recording.read_text(), re.MULTILINE)
    played = context.host("played", f"replay:{recording}")
    assert played.run(kb.script("say.arg", 'test "$arg" = yes', arg="yes")).verdict == kb.Verdict.PRESENT
    with pytest.raises(kb.Unsupported) as caught:
        context.host("again", f"replay:{recording}").run(kb.script("say.other", "true"))
    assert caught.value.id == "replay.not-recorded"


def test_hostile_recordings_are_errors(context: kb.Context) -> None:
    step = kb.script("hostile.step", "exit 0")
    for recording in sorted((RECORDED / "hostile").glob("*.rec")):
        try:
            context.host("h", f"replay:{recording}").check(step, timeout=30)
        except kb.Error as error:
            assert error.cause and error.code in list(kb.Code)


def test_the_log(context: kb.Context, here: kb.Host) -> None:
    assert context.log_level == kb.LogLevel.OFF
    here.run(SAY)
    assert list(context.log()) == [] and context.log_dropped == 0
    context.log_level = kb.LogLevel.TRACE
    here.run(SAY)
    entries = list(context.log())
    assert {"here", ""} >= {e.host for e in entries} and any("say.yes" in e.text for e in entries)
    assert {e.level for e in entries} <= set(kb.LogLevel) - {kb.LogLevel.OFF} and str(entries[0].level) in ("info", "debug", "trace")
    context.set_log_size(4096)
    for _ in range(10):
        here.run(SAY)
    assert context.log_dropped > 0
    with pytest.raises(kb.InvalidArgument):
        context.set_log_size(1)


def test_a_loop_of_ones_own(context: kb.Context, here: kb.Host) -> None:
    import select
    plan = context.plan()
    plan.add(here, SAY)
    run = plan.apply()
    run.start()
    poll = select.poll()
    poll.register(context, select.POLLIN)
    for _ in range(1000):
        if not plan.running:
            break
        assert poll.poll(30000), "nothing happened for 30 s"
        context.dispatch()
        while (event := plan.next_event()) is not None:
            last = event
    assert last.kind == kb.EventKind.PLAN_DONE
