"""Wrong passwords are limited, and known clients never locked out."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from harness import ManualClock
from pyimagesearch.access.login_throttle import LoginThrottle

NEW_ADDRESSES = [f"198.51.100.{number}" for number in range(8)]
ATTEMPTS = st.lists(st.tuples(
    st.floats(0, 40), st.sampled_from(["owner", "viewer"]),
    st.sampled_from([*NEW_ADDRESSES, "192.168.1.5"]),
    st.sampled_from(["", "", "phone"]), st.booleans()), max_size=120)


def most_in_a_minute(times):
    return max((sum(start <= time < start + 60 for time in times) for start in times),
               default=0)


@given(ATTEMPTS)
def test_ten_wrong_passwords_a_minute_at_most(attempts):
    clock = ManualClock()
    throttle = LoginThrottle(clock)
    throttle.add_known("owner", "192.168.1.5")
    known = {("owner", "192.168.1.5")}
    wrong = defaultdict(list)
    for pause, account, address, device, right in attempts:
        clock.now += pause
        attempt = throttle.admit(account, address, device)
        assert attempt.wait >= 0
        if attempt.wait > 0:
            continue
        if right:
            attempt.discard()
            throttle.add_known(account, address)
            known.add((account, address))
        elif device:
            wrong[device, account].append(clock.now)
        elif (account, address) in known:
            wrong[account, address].append(clock.now)
        else:
            wrong["new addresses", account].append(clock.now)
            wrong["new address", address].append(clock.now)
    for name, times in wrong.items():
        assert most_in_a_minute(times) <= (5 if name[0] == "new address" else 10), name


@given(ATTEMPTS)
def test_new_addresses_never_block_known_clients(attempts):
    clock = ManualClock()
    throttle = LoginThrottle(clock)
    throttle.add_known("owner", "192.168.1.5")
    for pause, account, address, _, _ in attempts:
        clock.now += pause
        if address in NEW_ADDRESSES:
            throttle.admit(account, address)
    assert throttle.admit("owner", "192.168.1.5").wait == 0
    assert throttle.admit("owner", NEW_ADDRESSES[0], "phone").wait == 0


def test_all_known_devices_share_thirty_attempts(clock):
    throttle = LoginThrottle(clock)
    admitted = [throttle.admit("owner", NEW_ADDRESSES[0], f"phone {number % 9}").wait == 0
                for number in range(90)]
    assert sum(admitted) == 30
    assert throttle.admit("viewer", NEW_ADDRESSES[0], "phone 1").wait == 0


def test_one_new_address_leaves_attempts_for_another(clock):
    throttle = LoginThrottle(clock)
    for _ in range(1000):
        throttle.admit("owner", NEW_ADDRESSES[0])
        clock.now += 0.005
    assert throttle.admit("owner", NEW_ADDRESSES[0]).wait > 50
    assert throttle.admit("owner", NEW_ADDRESSES[1]).wait == 0


def test_simultaneous_attempts_count(clock):
    throttle = LoginThrottle(clock)
    admitted = [throttle.admit("owner", NEW_ADDRESSES[0]) for _ in range(20)]
    assert sum(each.wait == 0 for each in admitted) == 5


def test_attempt_is_admitted_after_the_announced_wait(clock):
    throttle = LoginThrottle(clock)
    while (attempt := throttle.admit("owner", NEW_ADDRESSES[0])).wait == 0:
        clock.now += 1
    clock.now += attempt.wait
    assert throttle.admit("owner", NEW_ADDRESSES[0]).wait == 0


def test_right_passwords_do_not_count(clock):
    throttle = LoginThrottle(clock)
    for _ in range(50):
        attempt = throttle.admit("owner", NEW_ADDRESSES[0])
        assert attempt.wait == 0
        attempt.discard()


def test_rejected_attempts_use_no_memory(clock):
    throttle = LoginThrottle(clock)
    for number in range(5000):
        throttle.admit("owner", f"2001:db8:{number:x}::1")
    assert len(throttle._windows) < 20
    clock.now += 61
    throttle.admit("owner", NEW_ADDRESSES[0])
    assert len(throttle._windows) == 2
