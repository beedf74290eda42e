"""What every benchmark prints: a figure, what it is measured beside, and its floor."""


class Figures:
    """Prints figures one a line and remembers whether each kept its floor."""

    def __init__(self, title: str) -> None:
        self._kept = True
        print(f"{title}", flush=True)

    def note(self, name: str, value: float, unit: str, note: str = "") -> None:
        """A figure to compare others with; it has no floor."""
        print(f"  {name:<46} {value:>10,.3f} {unit:<3} {note}", flush=True)

    def at_most(self, name: str, value: float, unit: str, floor: float) -> None:
        """A figure that is good when it is small."""
        kept = value <= floor
        self._kept &= kept
        verdict = "ok" if kept else "WORSE THAN ITS FLOOR"
        self.note(name, value, unit, f"at most {floor:,g} {unit}: {verdict}")

    @property
    def exit_code(self) -> int:
        """0 where every figure kept its floor."""
        return 0 if self._kept else 1
