"""Ports in use are stepped around and remembered."""

import socket

import pytest

from everyday_local.errors import LocalError
from everyday_local.ports import PREFERRED, any_free, choose, claimed, is_free, unused


def every(_: int) -> bool:
    return True


def test_each_service_gets_its_own_port_when_all_are_free() -> None:
    assert choose({}, {}, free=every) == PREFERRED


def test_a_port_in_use_is_stepped_around() -> None:
    chosen = choose({}, {}, free=lambda port: port not in {4566, 4567})
    assert chosen["ministack"] == 4568


def test_no_two_services_get_the_same_port() -> None:
    same = dict.fromkeys(PREFERRED, 5000)
    assert sorted(choose(same, {}, free=every).values()) == list(range(5000, 5000 + len(PREFERRED)))


def test_the_port_of_an_earlier_run_is_used_again() -> None:
    assert choose({"blog": 2400}, {}, free=every)["blog"] == 2400


def test_a_remembered_port_that_was_taken_meanwhile_is_stepped_around() -> None:
    assert choose({"blog": 2400}, {}, free=lambda port: port != 2400)["blog"] == 2401


def test_a_running_service_keeps_its_port_although_it_is_in_use() -> None:
    assert choose({"blog": 2400}, {"blog": 2400}, free=lambda port: port != 2400)["blog"] == 2400


def test_another_service_does_not_take_a_running_ones_port() -> None:
    chosen = choose({}, {"blog": 4566}, free=every)
    assert chosen["ministack"] == 4567


def test_when_nothing_is_free_it_says_so() -> None:
    with pytest.raises(LocalError, match="no free port from"):
        choose({}, {}, free=lambda _: False)


def test_a_listening_port_is_not_free_and_a_closed_one_is() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)


def test_a_port_that_somebody_serves_on_every_address_is_not_free() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        assert not is_free(server.getsockname()[1])


def test_a_port_on_which_somebody_is_about_to_start_is_not_free() -> None:
    port = any_free()
    with claimed(port) as first:
        with claimed(port) as second:
            assert (first, second) == (True, False)
        assert unused(port)
        assert not is_free(port)
    assert is_free(port)
