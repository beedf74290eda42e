import pytest

from phantomgpu.workload.fusion import RULES, TRAITS, check_rules
from tests.unit.workload.fusion_page import PAGE, renewed
from tests.unit.workload.runtimes import FUSION


@pytest.mark.parametrize("rule", sorted({*RULES, *TRAITS}))
def test_every_rule_is_on_the_page(rule):
    assert f"`{rule}`" in PAGE.read_text("utf-8")


def test_the_page_tells_which_runtime_applies_which_rule():
    text = PAGE.read_text("utf-8")

    assert renewed(text) == text, "run python -m tests.unit.workload.fusion_page"


@pytest.mark.parametrize("runtime", sorted(FUSION))
def test_every_runtime_names_rules_that_there_are(runtime):
    check_rules(FUSION[runtime])
