"""What is refused of a share rule, one fact each. The code is the name of the constraint in the database."""

from __future__ import annotations

from ledger.errors import Refusal


class FundsRefusal(Refusal):
    """A share rule that the database refused; its fields come from the database, or from what was asked."""

    http_status = 422


class FundCodeMalformed(FundsRefusal):
    """A fund's code is the first key of its accounts."""

    code = "fund_must_have_a_code"
    message = "{fund} is not the code of a fund."
    remedy = "Use 1 to 40 letters, digits and . _ : / - as in account codes."


class FundHasNoLevels(FundsRefusal):
    """Somebody finances a fund."""

    code = "fund_must_have_levels"
    message = "Fund {fund} names no level with a weight, or not as many weights as levels."
    remedy = "Name at least one level and its weight, such as city: 1."


class FundKeepsItsShares(FundsRefusal):
    """The fund was declared with another rule, and what was posted under it cannot be shared anew."""

    code = "fund_must_keep_its_shares"
    message = "Fund {fund} is shared {declared} and cannot be shared {asked}."
    remedy = "Leave its shares as they are, in their order; for other shares open another fund."
    http_status = 409


class LevelMalformed(FundsRefusal):
    """A level's code is a key of its accounts."""

    code = "share_level_must_have_a_code"
    message = "A level of fund {fund} has no code that an account can have as its key."
    remedy = "Use 1 to 40 letters, digits and . _ : / - as in account codes."


class ShareNotPositive(FundsRefusal):
    """A level that is named bears something."""

    code = "share_weight_must_be_positive"
    message = "A level of fund {fund} has a weight that is not between 1 and 999999."
    remedy = "Give each level a positive whole number, or leave the level out."


BY_CODE: dict[str, type[FundsRefusal]] = {refusal.code: refusal for refusal in FundsRefusal.__subclasses__()}
