from hotline.sip.keys import SAME_KEY_SECONDS, Keys


class Detector:
    def feed(self, pcm: bytes) -> str:
        return pcm.decode()


def test_a_key_that_comes_two_ways_counts_once() -> None:
    keys = Keys(Detector())
    assert keys.accept("5", "inband", 10.0)
    assert not keys.accept("5", "rfc4733", 10.1)
    assert not keys.accept("5", "info", 10.2)


def test_the_same_key_again_counts_again() -> None:
    keys = Keys(Detector())
    assert keys.accept("5", "rfc4733", 10.0)
    assert keys.accept("5", "rfc4733", 10.2)
    assert keys.accept("6", "info", 10.3)
    assert keys.accept("5", "info", 10.4 + SAME_KEY_SECONDS)


def test_tones_count_only_for_far_ends_that_have_no_other_way() -> None:
    keys = Keys(Detector())
    assert keys.in_sound(b"7") == "7"
    keys.telephone_event = True
    assert keys.in_sound(b"7") == ""
    keys.telephone_event = False
    keys.accept("1", "info", 5.0)
    assert keys.in_sound(b"7") == ""
