"""The networks that ship, and which of them takes part in coding into a codebook.

One knows the codes of experiences with a scheme. Another tells of any answer whether there is praise and criticism in
it (its tone).
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.bundled import bundled
from pipeline.coding.embed import shipped_pieces
from pipeline.coding.network import Network
from pipeline.coding.words import Said
from pipeline.errors import ModelError, problem

if TYPE_CHECKING:
    from pipeline.codebook import Codebook

CODES_NETWORK, TONE_NETWORK = NETWORKS = ("duiding-nl-network", "duiding-nl-tone")
KNOWS = {CODES_NETWORK: "codes", TONE_NETWORK: "asked"}  # the entry that says what it is for
FORMAT = 3


def network_for(codebook: Codebook) -> Network | None:
    """Return the network that takes part in coding into this codebook; None when there is none.

    One does when it knows the codes, by the codebook's id and the codes of its facets, another when the tone matters.

    Raises:
        ModelError: the network that ships is missing or damaged.
    """
    name = _network_name(codebook)
    return shipped_network(name) if name else None


def network_digest(codebook: Codebook) -> str | None:
    """Return the digest of `network_for` a codebook, without loading it.

    Raises:
        ModelError: the network that ships is missing or damaged.
    """
    name = _network_name(codebook)
    return str(_content(name)["digest"]) if name else None


def _network_name(codebook: Codebook) -> str | None:
    known = _content(CODES_NETWORK)["codes"].get(codebook.id, {})
    facets = {facet.id: [code.id for code in codebook.in_facet(facet.id)] for facet in codebook.facet_list()}
    if known and all(facets.get(facet) == codes for facet, codes in known.items()):
        return CODES_NETWORK
    return TONE_NETWORK if asked_of(codebook) else None


def asked_of(codebook: Codebook) -> str | None:
    """Return which tone this codebook's question asks for; None when any will do.

    Known for the codebooks whose answers the tone was learned from, by their id, with one list of codes and a residual
    code, into which all other answers go.

    Raises:
        ModelError: the network that ships is missing or damaged.
    """
    facets = codebook.facet_list()
    asked: str | None = _content(TONE_NETWORK)["asked"].get(codebook.id)
    return asked if len(facets) == 1 and facets[0].residual else None


def network_with(digest: str) -> Network:
    """Return the network that ships with this digest.

    Raises:
        ValueError: none has it.
        ModelError: a network that ships is missing or damaged.
    """
    for name in NETWORKS:
        if _content(name)["digest"] == digest:
            return shipped_network(name)
    raise ValueError("network")


@lru_cache(maxsize=len(NETWORKS))
def _content(name: str) -> dict[str, Any]:
    folder = bundled("models", name)
    try:
        content: dict[str, Any] = json.loads((folder / "network.json").read_text(encoding="utf-8"))
        if content["format"] != FORMAT or KNOWS[name] not in content:
            raise ValueError("format")
    except Exception as error:
        raise _damaged(folder, error) from error
    return content


@lru_cache(maxsize=len(NETWORKS))
def shipped_network(name: str) -> Network:
    """Load a network that ships.

    Raises:
        ModelError: it is missing, damaged, or of another format.
    """
    from safetensors.numpy import load_file

    content, folder = _content(name), bundled("models", name)
    try:
        network = Network(load_file(folder / "network.safetensors"), content, shipped_pieces())
        if name == TONE_NETWORK:
            word = Said.of(["proef"])
            network.tone(word)  # both parts are there
            network.tone_of_words(word)
        return network
    except (ModelError, MemoryError):  # of the pieces that it shares with the encoder
        raise
    except Exception as error:
        raise _damaged(folder, error) from error


def _damaged(folder: Path, error: Exception) -> ModelError:
    return ModelError(
        problem(
            file=folder,
            found=f"missing or damaged ({type(error).__name__})",
            do="install Duiding again, or rebuild it with models/build_network.py",
        )
    )
