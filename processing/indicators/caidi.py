"""CAIDI: customer average interruption duration index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.indicators.recipes import FormulaRecipe, ratio
from processing.indicators.supply import COMPLETENESS_RULE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from processing.columns import Floats

INDICATOR: Final = Indicator(
    code="caidi",
    title=Text(
        "Thời gian trung bình của một lần mất điện (CAIDI)",
        "Customer average interruption duration (CAIDI)",
    ),
    unit="min",
    service=Service.ELECTRICITY,
    direction=Direction.LOWER,
    subject_kinds=(SubjectKind.SITE, SubjectKind.AREA),
    periods=(Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
    formula=Text(
        "SAIDI / SAIFI: số phút trung bình mà một khách hàng bị ảnh hưởng phải chờ ở mỗi lần mất điện dài "
        "hơn 5 phút. Theo năm, đây là chỉ số EC:I:ES:2C của U4SSC. CTAIDI và CAIFI không tính được: các "
        "lần mất điện không mang mã của từng khách hàng.",
        "SAIDI / SAIFI: minutes that a customer hit by an interruption longer than 5 minutes waits on "
        "average. Over a year it is EC:I:ES:2C of U4SSC. CTAIDI and CAIFI cannot be computed: "
        "interruptions carry no identity of the single customer.",
    ),
    completeness_rule=Text(
        COMPLETENESS_RULE.vi + " Kỳ không có lần mất điện nào thì không có giá trị.",
        COMPLETENESS_RULE.en + " A period without any interruption has no value.",
    ),
    source="IEEE 1366 (CAIDI = SAIDI / SAIFI); U4SSC EC:I:ES:2C",
    method_version="1",
)


def formula(values: Mapping[str, Floats]) -> Floats:
    """Return minutes per customer interruption, shape (m,); NaN where nobody was interrupted."""
    return ratio(values["saidi"], values["saifi"])


RECIPE: Final = FormulaRecipe(INDICATOR, ("saidi", "saifi"), formula)
