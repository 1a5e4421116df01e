"""Desk names: what visitors and colleagues call a member of staff, never their own name.

Short and gentle, written in both scripts, and of no gender that a reader could be sure of.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

DESK_NAMES = (
    "Lin 林", "An 安", "He 禾", "Ning 宁", "Yun 云", "Zhou 舟", "Qing 晴", "Shan 山", "Xi 溪", "Mu 木",
    "Yi 一", "Nan 南", "Lan 岚", "Ze 泽", "Xing 星", "Bai 白", "Ke 可", "Su 苏", "Tong 桐", "Wei 苇",
    "Chen 晨", "Fan 帆", "Jia 佳", "Lu 鹿", "Man 曼", "Qiu 秋", "Rui 芮", "Song 松", "Tian 田", "Yan 雁",
)  # fmt: skip


def free_desk_name(taken: AbstractSet[str]) -> str:
    """The first desk name that nobody has; past the last, the same again with a number."""
    round = 1
    while True:
        for name in DESK_NAMES:
            candidate = name if round == 1 else f"{name} {round}"
            if candidate not in taken:
                return candidate
        round += 1
