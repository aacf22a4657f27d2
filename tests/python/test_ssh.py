# SPDX-License-Identifier: Apache-2.0
"""A real sshd: trust, logins, questions and their answers, jump hosts."""

from __future__ import annotations

import asyncio

import pytest
from conftest import Sshd

import kb

SAY = kb.script("say.root", 'test "$(id -u)" = 0')


def ask(context: kb.Context, host: kb.Host, answers: list[str | bytes | None]) -> list[kb.Event]:
    """A run whose questions get these answers. Returns the questions."""
    plan, questions = context.plan(), []
    plan.add(host, SAY)
    for event in plan.apply(timeout=60):
        if event.kind == kb.EventKind.QUESTION:
            questions.append(event)
            context.answer(event, answers[len(questions) - 1])
    return questions


def test_a_step_by_ssh(context: kb.Context, sshd: Sshd) -> None:
    result = context.host("node", sshd.uri, **sshd.settings()).run(SAY, timeout=60)
    assert result.verdict == kb.Verdict.PRESENT


def test_an_unknown_key_is_not_trusted(context: kb.Context, sshd: Sshd) -> None:
    with pytest.raises(kb.NotTrusted) as caught:
        context.host("node", sshd.uri, identity=sshd.folder / "key_ed25519", known_hosts=sshd.folder / "nobody").run(SAY, timeout=60)
    assert caught.value.host == "node" and caught.value.code == kb.Code.ETRUST and caught.value.evidence


def test_a_refused_login(context: kb.Context, sshd: Sshd) -> None:
    with pytest.raises(kb.LoginRefused):
        context.host("node", sshd.uri, **{**sshd.settings(), "identity": sshd.folder / "host_rsa"}).run(SAY, timeout=60)


def test_nobody_is_there(context: kb.Context, sshd: Sshd) -> None:
    with pytest.raises((kb.Unreachable, kb.Timeout)) as caught:
        context.host("node", "ssh://root@127.0.0.1:1", connect_timeout_ms=3000, **sshd.settings()).run(SAY)
    assert isinstance(caught.value, OSError)


def test_a_passphrase_is_asked_for(context: kb.Context, sshd: Sshd) -> None:
    host = context.host("node", sshd.uri, ask="passphrase", **sshd.settings("locked"))
    questions = ask(context, host, ["wrong", b"horse"])
    assert [(q.id, q.attempt, q.host) for q in questions] == [("passphrase", 1, "node"), ("passphrase", 2, "node")]
    assert questions[0].subject.endswith("/locked") and questions[0].question > 0 and questions[0].text and "horse" not in questions[1].json()


def test_a_declined_question_fails_the_host(context: kb.Context, sshd: Sshd) -> None:
    host = context.host("node", sshd.uri, ask="passphrase", **sshd.settings("locked"))
    with pytest.raises(kb.LoginRefused):
        ask(context, host, [None])


def test_a_password_and_a_host_key_are_asked_for(context: kb.Context, sshd: Sshd) -> None:
    host = context.host("node", sshd.uri, ask=["password", "host_key"], known_hosts=sshd.folder / "nobody")
    questions = ask(context, host, ["yes", sshd.password])
    assert [q.id for q in questions] == ["host_key", "password"] and questions[0].subject.startswith("SHA256:")
    assert questions[1].subject == f"root@127.0.0.1:{sshd.port}"


def test_a_question_that_nobody_asked_has_no_answer(context: kb.Context) -> None:
    with pytest.raises(kb.InvalidArgument):
        context.answer(7, "horse")


def test_what_waits_for_one_step_declines(context: kb.Context, sshd: Sshd) -> None:
    """Nobody could answer: it must not wait for the connection's time to pass."""
    host = context.host("node", sshd.uri, ask="passphrase", connect_timeout_ms=86400000, **sshd.settings("locked"))
    with pytest.raises(kb.LoginRefused):
        host.run(SAY, timeout=60)


def test_questions_in_asyncio(context: kb.Context, sshd: Sshd) -> None:
    async def main() -> int:
        plan, asked = context.plan(), 0
        for i in range(3):
            plan.add(context.host(f"node-{i}", sshd.uri, ask="passphrase", become="none", **sshd.settings("locked")), kb.script("look", "true"))
        async for event in plan.check(timeout=60):
            if event.question:
                asked += 1
                await asyncio.sleep(0.01)
                context.answer(event.question, "horse")
        return asked

    assert asyncio.run(main()) == 1


def test_a_host_behind_another(context: kb.Context, sshd: Sshd) -> None:
    bastion = context.host("bastion", sshd.uri, **sshd.settings())
    behind = context.host("node", sshd.uri, jump=bastion, **sshd.settings())
    assert behind.run(SAY, timeout=60).verdict == kb.Verdict.PRESENT
    by_text = context.host("text", sshd.uri, jump=f"root@127.0.0.1:{sshd.port}", **sshd.settings())
    assert by_text.check(SAY, timeout=60).verdict == kb.Verdict.PRESENT
    behind.set(jump=None)
    assert behind.check(SAY, timeout=60).verdict == kb.Verdict.PRESENT
    with pytest.raises(kb.InvalidArgument):
        bastion.set(jump=bastion)
    with pytest.raises(TypeError, match="jump"):
        bastion.set(identity=behind)
    distrusted = context.host("doubt", sshd.uri, jump=context.host("other", sshd.uri, identity=sshd.folder / "key_rsa", known_hosts=sshd.folder / "nobody"),
                              **sshd.settings())
    with pytest.raises(kb.NotTrusted, match="jump host"):
        distrusted.run(SAY, timeout=60)


def test_a_secret_reaches_the_host_and_no_log(context: kb.Context, sshd: Sshd) -> None:
    context.log_level = kb.LogLevel.TRACE
    host = context.host("node", sshd.uri, password=sshd.password, known_hosts=sshd.folder / "known_hosts")
    assert host.run(kb.script("see", 'test "$word" = hush-hush', word=b"hush-hush"), timeout=60).verdict == kb.Verdict.PRESENT
    said = "".join(entry.text for entry in context.log())
    assert "see" in said and "hush-hush" not in said and sshd.password not in said
