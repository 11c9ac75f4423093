"""`menu`, `collect`, `listen` and `confirm`: the caller is asked and may answer by voice or key."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hotline.flow import inputs
from hotline.flow.phrases import clean, spoken_digits, yes_or_no
from hotline.flow.run import Run
from hotline.flow.states import Ask, Choice, Collect, Confirm, Listen, Menu, Prompt, Retry
from hotline.flow.verbs.base import Verb, mostly_said, pick, pick_key, prompt_over, take
from hotline.flow.verbs.doubt import ask_first
from hotline.flow.verbs.paper import learn

SHORTEST_NUMBER = 7
CATCH_ALL = "consult_other"
"""Triage's label for everything else: a phrase of the flow knows better."""


class Asking(Verb):
    """The prompt, the pause after it, the caller's words: what all questions share."""

    expects = "open"

    def enter(self, run: Run, state: Any) -> None:
        typed = run.at.typed
        run.change(typed="", nomatches=0, noinputs=0)
        self.prepare(run, state)
        run.expect(self.expects)
        if not (typed and self.type_ahead(run, state, typed)):
            self.ask(run, state, state.prompt)

    def prepare(self, run: Run, state: Any) -> None:
        """What is to be done once, before the first prompt."""

    def type_ahead(self, run: Run, state: Any, typed: str) -> bool:
        """Use keys that came before the question. False when they are not for it."""
        return False

    def words(self, run: Run, state: Any, heard: inputs.Utterance) -> bool:
        """Use what was said; False when it does not answer the question."""
        raise NotImplementedError

    def key(self, run: Run, state: Any, key: str) -> bool:
        """Use a key; False when it means nothing here."""
        raise NotImplementedError

    def ask(self, run: Run, state: Ask, prompt: Prompt) -> None:
        if not run.play(prompt, state.bargein):
            self._listen(run, state)

    def input(self, run: Run, state: Any, given: inputs.Input) -> None:
        if prompt_over(run, given):
            self._listen(run, state)
        elif isinstance(given, inputs.Key):
            self._key(run, state, given.key)
        elif isinstance(given, inputs.SpeechStarted):
            self._speaking(run, state)
        elif isinstance(given, inputs.Utterance):
            self._heard(run, state, given)
        elif isinstance(given, inputs.TimerFired):
            self.timer(run, state, given)

    def timer(self, run: Run, state: Any, fired: inputs.TimerFired) -> None:
        self.noinput(run, state)

    def noinput(self, run: Run, state: Ask) -> None:
        times = run.defaults.noinput_times if state.noinput.times is None else state.noinput.times
        run.change(noinputs=run.at.noinputs + 1, digits="")
        self._again(run, state, state.noinput, run.at.noinputs, times)

    def nomatch(self, run: Run, state: Ask) -> None:
        times = run.defaults.nomatch_times if state.nomatch.times is None else state.nomatch.times
        run.change(nomatches=run.at.nomatches + 1, digits="")
        self._again(run, state, state.nomatch, run.at.nomatches, times)

    def _again(self, run: Run, state: Ask, retry: Retry, count: int, times: int) -> None:
        run.stop_playing()
        run.cancel("noinput", "interdigit", "limit")
        if count > times:
            run.go(retry.to)
            return
        prompts = retry.prompts
        self.ask(run, state, prompts[min(count, len(prompts)) - 1] if prompts else state.prompt)

    def _listen(self, run: Run, state: Ask) -> None:
        run.timer("noinput", state.noinput_seconds or run.defaults.noinput_seconds)

    def _speaking(self, run: Run, state: Ask) -> None:
        """Sounds alone do not stop a prompt, words do; after it they stop the pause."""
        if not run.at.playing:
            run.cancel("noinput", "interdigit")
            run.timer("limit", state.speech_seconds or run.defaults.speech_seconds)

    def _heard(self, run: Run, state: Ask, heard: inputs.Utterance) -> None:
        if not clean(heard.text):
            if heard.final and not run.at.playing:
                run.cancel("limit")
                self._listen(run, state)
            return
        if run.at.playing and not state.bargein:
            return
        if run.at.playing:
            run.cancel("limit")
        run.stop_playing()
        run.cancel("noinput", "interdigit")
        if not heard.final:
            if "limit" not in run.at.timers:
                run.timer("limit", state.speech_seconds or run.defaults.speech_seconds)
        else:
            run.cancel("limit")
            if not self.words(run, state, heard):
                self.nomatch(run, state)

    def _key(self, run: Run, state: Ask, key: str) -> None:
        if run.at.playing and not state.bargein:
            return
        run.stop_playing()
        run.cancel("noinput", "interdigit", "limit")
        if not self.key(run, state, key):
            self.nomatch(run, state)


class _Menu(Asking):
    def enter(self, run: Run, state: Menu) -> None:
        first = run.at.visits.get(f"{run.at.flow}.{run.at.state}", 0) <= 1
        said = run.variables.get(state.already, "") if state.already and first else ""
        choice = pick(state.choices, said) if said else None
        if choice:
            take(run, choice)
        else:
            super().enter(run, state)

    def type_ahead(self, run: Run, state: Menu, typed: str) -> bool:
        if not state.bargein or pick_key(state.choices, typed[0]) is None:
            return False
        run.change(typed=typed[1:])
        return self.key(run, state, typed[0])

    def key(self, run: Run, state: Menu, key: str) -> bool:
        choice = pick_key(state.choices, key)
        if choice:
            take(run, choice)
        return choice is not None

    def words(self, run: Run, state: Menu, heard: inputs.Utterance) -> bool:
        if state.into:
            run.put({state.into: heard.text})
        wanted = run.defaults.min_confidence if state.min_confidence is None else state.min_confidence
        by_label = labelled(state.choices, heard) if heard.confidence >= wanted else None
        by_phrase = pick(state.choices, heard.text)
        # A short answer such as 没有了谢谢 is the phrase it holds; a longer story is what triage makes of it.
        answer = by_phrase if by_phrase and mostly_said(by_phrase, heard.text) else None
        choice = answer or (by_phrase if heard.label == CATCH_ALL else None) or by_label or by_phrase
        if choice and not ask_first(run, heard, choice):
            take(run, choice)
        elif choice is None and state.otherwise:
            run.go(state.otherwise)
        return choice is not None or state.otherwise is not None


class _Collect(Asking):
    expects = "digits"

    def prepare(self, run: Run, state: Collect) -> None:
        run.change(digits="")
        run.secret(state.secret)

    def type_ahead(self, run: Run, state: Collect, typed: str) -> bool:
        return state.bargein and all(self.key(run, state, key) for key in typed)

    def key(self, run: Run, state: Collect, key: str) -> bool:
        if key in state.terminators:
            return self._done(run, state, pressed=True)
        if not key.isdigit():
            return False
        run.change(digits=run.at.digits + key)
        if len(run.at.digits) >= state.max:
            return self._done(run, state, pressed=True)
        run.timer("interdigit", state.interdigit_seconds or run.defaults.interdigit_seconds)
        return True

    def words(self, run: Run, state: Collect, heard: inputs.Utterance) -> bool:
        if not state.spoken:
            return False
        digits = spoken_digits(heard.text)
        narrowed = spoken_digits(heard.narrowed)
        better = heard.number.lstrip("+") or (narrowed if len(narrowed) >= state.min else digits)
        run.change(digits=digits if len(digits) >= state.min else better)
        return state.min <= len(run.at.digits) <= state.max and self._done(run, state, pressed=False)

    def timer(self, run: Run, state: Collect, fired: inputs.TimerFired) -> None:
        run.cancel(fired.name)
        if not run.at.digits:
            self.noinput(run, state)
        elif not self._done(run, state, pressed=True):
            self.nomatch(run, state)

    def _done(self, run: Run, state: Collect, pressed: bool) -> bool:
        digits = run.at.digits
        if pressed and not digits and state.empty:
            run.go(state.empty)
            return True
        if not state.min <= len(digits) <= state.max:
            return False
        run.change(digits="")
        run.put({state.into: digits})
        run.go(state.next)
        return True


class _Listen(Asking):
    def key(self, run: Run, state: Listen, key: str) -> bool:
        target = state.keys.get(key)
        if target:
            run.go(target)
        return target is not None

    def words(self, run: Run, state: Listen, heard: inputs.Utterance) -> bool:
        value = taken(run, state.takes, heard)
        if len(clean(value)) < state.min_chars:
            return False
        run.put({state.into: value})
        if state.field:
            learn(run, state.field, value, confirmed=False)
        run.go(state.next)
        return True


class _Confirm(Asking):
    """Keys pressed ahead never confirm: nobody says yes to what he has not heard."""

    expects = "yes_no"

    def key(self, run: Run, state: Confirm, key: str) -> bool:
        if key in state.yes_keys:
            self._yes(run, state)
        elif key in state.no_keys:
            run.go(state.no)
        return key in state.yes_keys or key in state.no_keys

    def words(self, run: Run, state: Confirm, heard: inputs.Utterance) -> bool:
        common = run.flows.common
        said = agreed(
            heard, (*common.yes, *_listed(run, state.also_yes)), (*common.no, *_listed(run, state.also_no)))
        if said is None and state.into:
            run.put({state.into: heard.text.strip()})
        if said is not True and self._corrected(run, state, heard):
            return True
        if said is True:
            self._yes(run, state)
        elif said is False:
            run.go(state.no)
        return said is not None

    def noinput(self, run: Run, state: Ask) -> None:
        assert isinstance(state, Confirm)
        if state.silence == "ask":
            super().noinput(run, state)
        else:
            run.go(state.yes if state.silence == "yes" else state.no)

    def _yes(self, run: Run, state: Confirm) -> None:
        for fact in state.facts:
            learn(run, fact.field, run.fill(fact.value), confirmed=True)
        run.go(state.yes)

    def _corrected(self, run: Run, state: Confirm, heard: inputs.Utterance) -> bool:
        """“不是，是十二号”: the better answer that came with the no."""
        if not (state.corrects and state.corrected) or state.takes == "words":
            return False
        found = heard.address.get("spoken", "") if state.takes == "address" else dialable(heard.number)
        if not found:
            return False
        if found == run.variables.get(state.corrects):
            self._yes(run, state)
            return True
        run.put({state.corrects: taken(run, state.takes, heard)})
        run.go(state.corrected)
        return True


def _listed(run: Run, phrases: str) -> list[str]:
    return [phrase for phrase in run.fill(phrases).split("、") if phrase]


def agreed(heard: inputs.Utterance, yes: Sequence[str], no: Sequence[str]) -> bool | None:
    """Yes, no, or None: not understood, or the free and the narrow ear heard opposite things."""
    freely, narrowly = yes_or_no(heard.text, yes, no), yes_or_no(heard.narrowed, yes, no)
    if freely is None or narrowly is None:
        return narrowly if freely is None else freely
    return freely if freely == narrowly else None


def taken(run: Run, takes: str, heard: inputs.Utterance) -> str:
    """The part of an utterance that a question wants."""
    if takes == "number":
        return dialable(heard.number) or spoken_digits(heard.text)
    if takes == "address":
        spoken = heard.address.get("spoken", "")
        if not spoken and yes_or_no(heard.text, run.flows.common.yes, run.flows.common.no) is None:
            spoken = heard.text.strip()  # a place in words of his own; 没有 is none
        note_place(run, spoken, heard)
        return spoken
    return heard.text.strip()


def dialable(number: str) -> str:
    """A number that a person may be called at; 110 and the like are talked about, not left."""
    return number if len(number) >= SHORTEST_NUMBER else ""


def labelled(choices: Sequence[Choice], heard: inputs.Utterance) -> Choice | None:
    """The choice of triage's label, when enough was said for it."""
    said = len(clean(heard.text))
    return next((one for one in choices if heard.label in one.labels and said >= one.min_chars), None)


def note_place(run: Run, spoken: str, heard: inputs.Utterance) -> None:
    """Keep the coordinates and the parts with the address that they belong to."""
    found = heard.latitude is not None and heard.longitude is not None
    parts = {name: part for name, part in heard.address.items() if part and name != "spoken"}
    run.change(variables={
        **run.at.variables,
        "address_parts": json.dumps({"of": spoken, "parts": parts}, ensure_ascii=False) if parts else "",
        "address_at_text": spoken if found else "",
        "latitude": str(heard.latitude) if found else "",
        "longitude": str(heard.longitude) if found else "",
    })


MENU, COLLECT, LISTEN, CONFIRM = _Menu(), _Collect(), _Listen(), _Confirm()
