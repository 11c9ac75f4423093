"""The words that decide, as data: every YAML file of this folder holds word lists and rules.

`words` names lists that patterns insert by `<NAME>`. A rule has an `id`, regular
expressions in `patterns` (simplified characters, no blanks, every punctuation mark is
`，`), and exactly one of:

* `hazard`: evidence of that danger, `weight` its certainty from 0 to 1;
* `label`: evidence for that label of an ordinary call, `weight` its points;
* `place`: where it is, `weight` its points;
* `scope`: words that take evidence away or keep it: `denial` (evidence that overlaps the
  span does not count), `other_source` (smells with `generic: true` only), `battery` (alarm
  only), `resolved`, `hypothetical`, `handled`, `shopping` (the whole call, unless `present`
  words stand against it); `over_age`, `question`, `harmless`, `thanks` take nothing away: they only
  tell the classifier how it was said.

`gate`: the rule is looked at only when one of these characters was said; it saves time.
`sound: false`: only the written characters count, because too much sounds like it.
`generic: true`: a smell of which it is not said that it is gas.
"""
