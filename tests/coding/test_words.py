"""The words of answers: the same for every model, whole or in parts."""

from __future__ import annotations

from itertools import chain

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.coding.embed import load_encoder
from pipeline.coding.words import MAX_CHARACTERS, Said, shown_words, words_of

TEXTS = ["Goed geholpen, goed gedaan", "", "zo´n belachelijk…lange rij", "  ", "Goed"]


@given(st.text(max_size=60))
def test_the_words_of_a_text_are_those_of_its_written_words(text: str) -> None:
    assert words_of(text) == list(chain.from_iterable(words_of(word) for word in shown_words(text)))


def test_said_keeps_every_text_and_its_order() -> None:
    said = Said.of(TEXTS)
    assert said.words == list(dict.fromkeys(chain.from_iterable(map(words_of, TEXTS))))
    again = [[said.words[place] for place in said.places[start:end]]
             for start, end in zip(said.ends, said.ends[1:], strict=False)]  # fmt: skip
    assert again == [words_of(text) for text in TEXTS]


def test_a_part_has_its_own_words_only() -> None:
    for rows in ([4, 0, 2], [1], [2, 2], []):
        part, alone = Said.of(TEXTS).part(np.array(rows, dtype=np.intp)), Said.of([TEXTS[row] for row in rows])
        assert (part.texts, sorted(part.words)) == (alone.texts, sorted(alone.words))
        assert part.ends.tolist() == alone.ends.tolist()
        assert [part.words[at] for at in part.places] == [alone.words[at] for at in alone.places]


def test_texts_that_were_cut_already_stay_as_they_are() -> None:
    said = Said.from_words([["Goed", "gedaan"], []])
    assert (said.words, said.places.tolist(), said.ends.tolist()) == (["Goed", "gedaan"], [0, 1], [0, 2, 2])


def test_half_a_torn_pair_of_surrogates_is_no_character() -> None:
    assert words_of("goed\ud83d geholpen") == ["goed", "geholpen"]


def test_the_shipped_encoder_reads_as_far_as_the_other_models() -> None:
    text = "lang gewacht op antwoord " * (MAX_CHARACTERS // 20)
    encoder = load_encoder()
    assert np.array_equal(encoder.encode([text]), encoder.encode([text[:MAX_CHARACTERS]]))
    assert np.array_equal(encoder.encode([text]), encoder.encode_said(Said.of([text])))
