# SPDX-License-Identifier: Apache-2.0
"""The raw layer: what a user of libkb needs from it, and what C's shape becomes in Python."""

from __future__ import annotations

import gc
import json
import os
import pickle
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import TOP, events

from kb import _core, _errors, _kb

MANIFESTS = sorted((TOP / "tests/data/calico").glob("*/custom-resources.yaml"))


def test_every_public_function_is_used_by_the_module() -> None:
    def names(kind: str, path: str) -> set[str]:
        out = subprocess.run(["nm", "-D", kind, path], check=True, capture_output=True, text=True)
        return set(re.findall(r"\b[TU] (kb_\w+)", out.stdout))

    maps = Path("/proc/self/maps").read_text()
    library = re.search(r"(/\S*/libkb\.so\S*)", maps)
    if not library:
        pytest.skip("the module holds libkb itself: there is no library to compare it with")
    exported = names("--defined-only", library[1])
    assert "kb_run" in exported
    assert names("--undefined-only", _kb.__file__) == exported


def test_import_is_free_of_warnings() -> None:
    subprocess.run([sys.executable, "-W", "error", "-X", "dev", "-c", "import kb"], check=True)


def test_a_cluster_file_is_loaded(ctx: _core.Ctx, cluster_file: str) -> None:
    cluster = _core.cluster_load(ctx, cluster_file)
    assert [cluster.host_name(i) for i in range(cluster.host_count())] == ["one", "two"]
    assert cluster.host_name(2) is None
    assert cluster.get("network.pods") == "172.16.0.0/16"
    cluster.set("network.pods", "10.244.0.0/16")
    assert cluster.get("network.pods") == "10.244.0.0/16"
    cluster.check()


def test_a_plan_of_a_cluster_lists_its_tasks(ctx: _core.Ctx, cluster_file: str) -> None:
    plan = _core.cluster_load(ctx, cluster_file).up()
    tasks = [plan.task(i) for i in range(plan.task_count())]
    assert ("one", "kubeadm.init") in [(t.host(), t.step()) for t in tasks]
    assert ("two", "kubeadm.join") in [(t.host(), t.step()) for t in tasks]
    assert plan.task(len(tasks)) is None


def test_an_error_says_where_the_file_is_wrong(ctx: _core.Ctx) -> None:
    with pytest.raises(_errors.InvalidArgument, match=r"my\.yaml:2:") as caught:
        _core.cluster_parse(ctx, "my.yaml", None, b"kubernetes: {version: 1.34.4}\nhots: []\n")
    assert caught.value.code == _core.KB_EINVAL
    assert isinstance(caught.value, ValueError)


def test_one_step_runs_on_a_host(ctx: _core.Ctx, local: _core.Host) -> None:
    result = local.run(_core.step_script(ctx, "say.yes", "true", None), 10000)
    assert result.status() == _core.KB_OK
    assert _core.verdict_name(result.verdict()) == "present"
    assert result.exit_status() == 0
    assert result.error() is None
    assert result.output("none") is None


def test_a_step_that_fails_is_a_result_with_its_error(ctx: _core.Ctx, local: _core.Host) -> None:
    step = _core.step_script(ctx, "say.no", "exit 1", "echo it broke; exit 3")
    result = local.run(step, 10000)
    assert result.status() == _core.KB_ESTEP
    assert result.exit_status() == 3
    assert "it broke" in result.log()
    error = result.error()
    assert type(error) is _errors.StepFailed
    assert (error.code, error.host, error.step) == (_core.KB_ESTEP, "here", "say.no")
    assert error.cause
    assert "it broke" in "\n".join(error.evidence)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error) and again.__dict__ == error.__dict__


def test_a_check_touches_nothing(ctx: _core.Ctx, local: _core.Host, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    step = _core.step_script(ctx, "make.mark", 'test -e "$mark"', ': >"$mark"')
    step.set("mark", str(mark))
    assert local.check(step, 10000).verdict() == _core.KB_ABSENT
    assert not mark.exists()
    assert local.run(step, 10000).is_changed() == 1
    assert mark.exists()


def test_the_events_of_a_plan(ctx: _core.Ctx, local: _core.Host) -> None:
    plan = _core.plan_new(ctx)
    first = plan.add(local, _core.step_script(ctx, "say.one", "true", None))
    second = plan.add(local, _core.step_script(ctx, "say.two", "true", None))
    plan.after(second, first)
    run = plan.start(_core.KB_APPLY, 10000)
    seen = list(events(ctx, plan))
    assert {event.run() for event in seen} == {run}
    kinds = [_core.event_kind_name(event.kind()) for event in seen]
    assert kinds[0] == "plan-started" and kinds[-1] == "plan-done" and kinds.count("plan-done") == 1
    done = [event for event in seen if event.kind() == _core.KB_EVENT_STEP_DONE]
    assert [(e.host(), e.step(), e.task()) for e in done] == [("here", "say.one", 0), ("here", "say.two", 1)]
    assert all(event.error() is None and event.status() == _core.KB_OK for event in seen)
    assert json.loads(done[1].json())["step"] == "say.two"


def test_events_outlive_plan_and_context(ctx: _core.Ctx, local: _core.Host) -> None:
    plan = _core.plan_new(ctx)
    plan.add(local, _core.step_script(ctx, "say.yes", "true", None))
    plan.start(_core.KB_APPLY, 10000)
    seen = list(events(ctx, plan))
    _core.close(plan)
    _core.close(ctx)
    assert seen[-1].kind() == _core.KB_EVENT_PLAN_DONE


def test_a_loop_of_ones_own(ctx: _core.Ctx, local: _core.Host) -> None:
    plan = _core.plan_new(ctx)
    plan.add(local, _core.step_script(ctx, "say.yes", "true", None))
    plan.start(_core.KB_APPLY, 10000)
    poll = select.poll()
    poll.register(ctx.fd(), select.POLLIN)
    last = None
    while plan.is_running():
        assert poll.poll(10000), "nothing happened for 10 s"
        ctx.dispatch()
        while (event := plan.next_event()) is not None:
            last = event
    assert last is not None and last.kind() == _core.KB_EVENT_PLAN_DONE


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.parent.name)
def test_the_pod_network_is_written_into_calicos_resources(ctx: _core.Ctx, manifest: Path) -> None:
    before = manifest.read_bytes()
    after = _core.calico_set_pod_cidr(ctx, before, "172.16.0.0/16")
    assert after == before.replace(b"192.168.0.0/16", b"172.16.0.0/16") != before
    assert _core.calico_pod_cidr(ctx, after) == b"172.16.0.0/16"


def test_there_are_manifests_to_write_into() -> None:
    assert len(MANIFESTS) >= 4


def test_bytes_come_in_any_shape(ctx: _core.Ctx) -> None:
    text = b"/dev/sda2 none swap sw 0 0\n"
    wanted = _core.fstab_swap_off(ctx, text)
    assert wanted != text
    assert _core.fstab_swap_off(ctx, bytearray(text)) == wanted
    assert _core.fstab_swap_off(ctx, memoryview(text)) == wanted
    with pytest.raises(TypeError):
        _core.fstab_swap_off(ctx, text.decode())
    with pytest.raises(TypeError):
        _core.fstab_swap_off(ctx, None)


def test_text_is_str_without_nul(ctx: _core.Ctx) -> None:
    with pytest.raises(TypeError, match="uri must be str, not bytes"):
        _core.host_new(ctx, "a", b"local:")
    with pytest.raises(TypeError, match="name must be str, not NoneType"):
        _core.host_new(ctx, None, "local:")
    with pytest.raises(ValueError, match="null character"):
        _core.host_new(ctx, "a", "local:\0x")
    with pytest.raises(ValueError):
        _core.host_new(ctx, "a", "local:\udc80")


def test_none_puts_a_default_back(ctx: _core.Ctx) -> None:
    host = _core.host_new(ctx, "a", "ssh://b")
    host.set("port", "2222")
    assert host.get("port") == "2222"
    host.set("port", None)
    assert host.get("port") == "22"
    assert host.get("host_key") is None


def test_secrets_are_bytes_that_cannot_be_asked_for(ctx: _core.Ctx) -> None:
    host = _core.host_new(ctx, "a", "ssh://b")
    host.set_secret("password", b"tr\xffstno1")
    assert host.get("password") is None
    host.set_secret("password", None)
    with pytest.raises(TypeError):
        host.set_secret("password", "text")


def test_the_catalogue_says_what_steps_take() -> None:
    steps = []
    while (name := _core.step_def_name(len(steps))) is not None:
        steps.append(name)
    assert "swap.off" in steps and all(_core.step_def_summary(name) for name in steps)
    for step in steps:
        for i in range(1000):
            if (param := _core.step_param_name(step, i)) is None:
                break
            assert _core.step_param_doc(step, param)
            assert _core.step_param_is_list(step, param) in (0, 1)
    with pytest.raises(_errors.InvalidArgument, match="KB_EINVAL"):
        _core.step_param_is_list("no.such", "thing")


def test_each_code_has_its_class() -> None:
    codes = {n: getattr(_core, n) for n in dir(_core) if re.fullmatch(r"KB_E[A-Z]+", n) and n != "KB_ERROR"}
    assert len(codes) == 18
    for name, code in codes.items():
        error = _errors.make(code, "cause", "id", "host", "step", ("line",), "fix")
        assert type(error) is not _errors.Error and name in str(type(error).__doc__)
        assert (error.id, error.evidence, error.fix, str(error)) == ("id", ("line",), "fix", "cause")
        assert _core.err_name(code) == name
    assert type(_errors.make(-99, "", "", "", "", (), "")) is _errors.Error


def test_a_closed_handle_is_an_error(ctx: _core.Ctx, cluster_file: str) -> None:
    host = _core.host_new(ctx, "a", "local:")
    step = _core.step_new(ctx, "swap.off")
    plan = _core.plan_new(ctx)
    task = plan.add(host, step)
    cluster = _core.cluster_load(ctx, cluster_file)
    for handle in (host, step, plan, cluster):
        _core.close(handle)
        _core.close(handle)
    for call in (host.name, step.name, plan.task_count, task.step, cluster.check, lambda: host.set("port", "1")):
        with pytest.raises(_errors.InvalidArgument, match="closed"):
            call()
    with pytest.raises(_errors.InvalidArgument, match="closed"):
        _core.plan_new(ctx).add(host, _core.step_new(ctx, "swap.off"))
    _core.close(ctx)
    for call in (ctx.fd, ctx.dispatch, lambda: ctx.cancel(0), lambda: ctx.wait(0), lambda: _core.plan_new(ctx)):
        with pytest.raises(_errors.InvalidArgument, match="closed"):
            call()


def test_another_type_is_no_handle(ctx: _core.Ctx) -> None:
    for wrong in (None, 1, "ctx", _core.plan_new(ctx)):
        with pytest.raises(TypeError):
            _core.host_new(wrong, "a", "local:")
    with pytest.raises(TypeError):
        _core.close(1)
    with pytest.raises(AttributeError):
        _core.Host()


def test_a_task_keeps_its_plan(ctx: _core.Ctx, local: _core.Host) -> None:
    task = _core.plan_new(ctx).add(local, _core.step_new(ctx, "swap.off"))
    gc.collect()
    assert (task.host(), task.step()) == ("here", "swap.off")
    task.set_on_demand()


def test_children_keep_their_context() -> None:
    plan = _core.plan_new(_core.new())
    gc.collect()
    assert plan.task_count() == 0
    with pytest.raises(_errors.InvalidArgument, match="no task|fits") as caught:
        plan.only("nothing.*")
    assert caught.value.cause


def test_children_of_a_closed_context_still_tell_their_errors(ctx: _core.Ctx, local: _core.Host) -> None:
    _core.close(ctx)
    with pytest.raises(_errors.InvalidArgument, match="no such setting"):
        local.set("nope", "1")


def test_contexts_leave_no_descriptor(cluster_file: str) -> None:
    def count() -> int:
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    before = count()
    for i in range(50):
        ctx = _core.new()
        cluster = _core.cluster_load(ctx, cluster_file)
        plan = _core.plan_new(ctx)
        if i % 2:
            _core.close(ctx)
        del ctx, cluster, plan
    assert count() == before


def test_calls_leave_no_memory(ctx: _core.Ctx) -> None:
    host = _core.host_new(ctx, "there", "ssh://there")
    long = "/" + "x" * (16 << 10)
    fstab = f"/dev/sda2 none swap sw 0 0 # {long}\n".encode()

    def call() -> None:
        host.set("identity", long)
        host.set_secret("password", long.encode())
        assert len(_core.fstab_swap_off(ctx, fstab)) > len(fstab)
        with pytest.raises(_errors.InvalidArgument):
            _core.step_new(ctx, long)
        plan = _core.plan_new(ctx)
        plan.add(host, _core.step_script(ctx, "say.yes", long, None))
        assert plan.task(0).host() == "there"

    def resident() -> int:
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")

    for _ in range(200):
        call()
    before = resident()
    for _ in range(2000):
        call()
    assert resident() - before < 16 << 20  # one text a call would be 32 MiB


def test_a_forked_child_is_told(ctx: _core.Ctx, local: _core.Host) -> None:
    pid = os.fork()
    if pid == 0:
        told = 0
        for call in (ctx.dispatch, lambda: local.set("port", "1"), lambda: _core.plan_new(ctx)):
            try:
                call()
            except _errors.InvalidArgument:
                told += 1
        os._exit(0 if told == 3 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_lab_host_runs_a_step_by_ssh(ctx: _core.Ctx, lab: Path) -> None:
    cluster = _core.cluster_load(ctx, str(lab / "cluster.yaml"))
    host = _core.host_new(ctx, cluster.host_name(0), f"ssh://{cluster.get('ssh.user')}@192.168.1.2")
    for key in ("identity", "known_hosts"):
        host.set(key, cluster.get(f"ssh.{key}"))
    plan = _core.plan_new(ctx)
    plan.add(host, _core.step_script(ctx, "say.root", 'test "$(id -u)" = 0', None))
    plan.start(_core.KB_APPLY, 60000)
    seen = list(events(ctx, plan))
    assert [_core.event_kind_name(event.kind()) for event in seen] == [
        "plan-started", "host-connected", "step-done", "plan-done"
    ]
    assert seen[2].verdict() == _core.KB_PRESENT and seen[2].host() == cluster.host_name(0)
