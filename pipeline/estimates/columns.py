"""The codes and nets of a question as columns of a table: which codes a net holds, which were asked together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]


def net_members(net: str, nets: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the codes that make a net hold: the net's own code, and every code under it at any depth."""
    members, waiting = {net}, list(nets[net])
    while waiting:
        code = waiting.pop()
        if code not in members:
            members.add(code)
            waiting.extend(nets.get(code, ()))
    return members


def columns_of(codes: Sequence[str], nets: Mapping[str, Sequence[str]]) -> dict[str, list[int]]:
    """Return code or net -> the numbers of its codes: every code, and every net that has a code in this question."""
    columns = {name: [number] for number, name in enumerate(codes)}
    for net in nets:
        members = [number for number, name in enumerate(codes) if name in net_members(net, nets)]
        if members:
            columns[net] = members
    return columns


def per_column(matrix: Bools, columns: Mapping[str, list[int]], how: Callable[..., Bools]) -> Bools:
    """Return `matrix` (rows, codes) per code and net: of a net, whether any or all of its codes hold."""
    out = [how(matrix[:, members], axis=1) for members in columns.values()]
    return np.stack(out, axis=1) if out else matrix


def asked_alike(asked: Bools) -> list[list[int]]:
    """Return the columns (codes and nets) of `asked`, together where they were asked of the same answers."""
    alike: dict[bytes, list[int]] = {}
    for number in range(asked.shape[1]):
        alike.setdefault(asked[:, number].tobytes(), []).append(number)
    return list(alike.values())
