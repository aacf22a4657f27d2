# SPDX-License-Identifier: Apache-2.0
"""Steps: each of the library has its function, keyword parameters are what libkb takes, wrong ones are refused at once."""

from __future__ import annotations

import copy
import inspect
import ipaddress
from pathlib import Path

import pytest

import kb

CATALOGUE = kb.catalogue()


def word(name: str) -> str:
    return name.replace(".", "_").replace("-", "_")


@pytest.mark.parametrize("step", CATALOGUE.values(), ids=CATALOGUE.keys())
def test_each_step_has_its_function(step: kb.StepInfo) -> None:
    made = getattr(kb, word(step.name))
    assert word(step.name) in kb.__all__
    signature = inspect.signature(made)
    assert [p.name for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY] == [word(p) for p in step.params]
    assert inspect.getdoc(made).startswith(f"`{step.name}`: {step.summary}.")
    for param in step.params.values():
        assert f"{word(param.name)}: {param.doc}" in made.__doc__
    for name, doc in step.outputs.items():
        assert f"{name}: {doc}" in made.__doc__
    assert made().name == step.name


@pytest.mark.parametrize("step", CATALOGUE.values(), ids=CATALOGUE.keys())
def test_each_parameter_arrives(step: kb.StepInfo) -> None:
    for param in step.params.values():
        value = param.default if param.default not in (None, "") else "1"
        try:
            made = getattr(kb, word(step.name))(**{word(param.name): value})
        except kb.InvalidArgument as refused:           # a value that it cannot have: but it was this parameter that was set
            assert param.name in str(refused)
            continue
        assert (param.name in made.params) != param.is_secret
        assert (param.name + "=<secret>" in repr(made)) == param.is_secret


def test_no_function_is_left_of_a_step_that_is_gone() -> None:
    from kb import _steps
    assert sorted(_steps.__all__) == sorted(map(word, CATALOGUE))


def test_values_of_pythons_own_types() -> None:
    step = kb.kubeadm_init(pod_network_cidr=ipaddress.ip_network("172.16.0.0/16"), upload_certs=True,
                           apiserver_cert_extra_sans=[ipaddress.ip_address("10.0.0.1"), "example.org"])
    assert step.params == {"pod-network-cidr": "172.16.0.0/16", "upload-certs": "yes", "apiserver-cert-extra-sans": ("10.0.0.1", "example.org")}
    assert kb.kernel_sysctl(settings={"net.ipv4.ip_forward": 1}).params == {"settings": ("net.ipv4.ip_forward=1",)}
    assert kb.script("a", "true", path=Path("/x")).params == {"path": "/x"}
    assert kb.kubeadm_init(pod_network_cidr=None).params == {}


def test_names_that_are_none_tell_the_nearest() -> None:
    with pytest.raises(kb.InvalidArgument, match=r"nearest is swap\.off"):
        kb.Step("swap.of")
    with pytest.raises(kb.InvalidArgument, match="nearest is pod-network-cidr"):
        kb.kubeadm_init(pod_network_cdir="172.16.0.0/16")       # type: ignore[arg-type]
    with pytest.raises(kb.InvalidArgument, match="nearest is pod-network-cidr"):
        kb.Step("kubeadm.init", pod_network_cird="172.16.0.0/16")
    with pytest.raises(TypeError):
        kb.swap_off("yes")                                      # type: ignore[call-arg]


def test_secrets_are_never_shown() -> None:
    step = kb.kubeadm_join(token="abcdef.0123456789abcdef")
    assert "abcdef" not in repr(step) and "abcdef" not in str(step.params)
    own = kb.script("a", "true", word=b"hush")
    assert "hush" not in repr(own) and own.params == {}


def test_steps_are_values() -> None:
    one, two = kb.script("a", "true", x="1"), kb.script("a", "true", x="1")
    assert one == two and one != kb.script("a", "true", x="2") and one != kb.swap_off() and kb.swap_off() == kb.Step("swap.off")
    assert one != "a" and copy.copy(one) == one
    with pytest.raises(TypeError):
        hash(one)
    assert repr(kb.swap_off()) == "<kb.Step swap.off>"


def test_a_step_may_not_hold_what_shells_cannot() -> None:
    with pytest.raises(ValueError, match="null"):
        kb.script("a", "true", x="a\0b")
    with pytest.raises(kb.InvalidArgument):
        kb.script("Bad Name", "true")
