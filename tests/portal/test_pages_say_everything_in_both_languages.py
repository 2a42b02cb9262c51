"""Every text goes through the catalogue, the catalogue is complete, and no page carries a style or script inline."""

from __future__ import annotations

import gettext
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.urls import resolve

from tests.portal import catalogue
from tests.portal.test_every_page_is_scoped import CASES, address_of

Browser = Callable[[str], Client]
PAGES = sorted(
    name for name, case in CASES.items() if case.method == "get" and not name.endswith(("_content", "_document"))
)
KNOWN = {msgid: texts for msgid, texts in catalogue.read_po().items() if msgid}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


class Page(HTMLParser):
    """A page's texts, its links, and what would run or style inline."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.links: list[str] = []
        self.inline: list[str] = []
        self.language = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.language = self.language or str(found.get("lang", "")) if tag == "html" else self.language
        self.links += [str(found["href"])] if tag == "a" and "href" in found else []
        self.texts += [str(found[name]) for name in ("aria-label", "placeholder") if name in found]
        bad = [name for name in found if name == "style" or name.startswith("on")]
        if bad or tag == "style" or (tag == "script" and "src" not in found):
            self.inline.append(str(self.get_starttag_text()))

    def handle_data(self, data: str) -> None:
        self.texts.append(" ".join(data.split()))


def test_every_word_that_is_shown_is_in_the_catalogue() -> None:
    missing = (catalogue.marked() | catalogue.shown_data()) - KNOWN.keys()

    assert not missing, "add these to locale/zh_Hans/LC_MESSAGES/django.po and compile it"


def test_the_catalogue_translates_everything_and_nothing_else() -> None:
    assert not [msgid for msgid, texts in KNOWN.items() if not all(texts)]
    assert KNOWN.keys() == catalogue.marked() | catalogue.shown_data()


def test_translations_keep_their_placeholders() -> None:
    for msgid, texts in KNOWN.items():
        for text in texts:
            assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(msgid)), msgid


def test_the_compiled_catalogue_is_that_of_the_source() -> None:
    with catalogue.MO.open("rb") as stream:
        compiled = gettext.GNUTranslations(stream)

    told = {key if isinstance(key, str) else key[0]: text for key, text in compiled._catalog.items() if key}

    assert told == {msgid: texts[0] for msgid, texts in KNOWN.items()}


@pytest.mark.usefixtures("settled_month")
class TestEveryPage:
    """Every page, as an auditor sees it."""

    @pytest.mark.parametrize("name", PAGES)
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_is_in_the_language_that_was_chosen(self, name: str, language: str, as_person: Browser) -> None:
        page = Page(read(as_person("auditor"), address_of(name), language))

        translated = {msgid: texts[0] for msgid, texts in KNOWN.items() if texts[0] != msgid}
        foreign = set(translated) if language != "en" else set(translated.values()) - set(translated)
        assert page.language == language
        assert not foreign.intersection(page.texts)

    @pytest.mark.parametrize("name", PAGES)
    def test_has_its_policy_and_nothing_inline(self, name: str, as_person: Browser) -> None:
        client = as_person("auditor")
        answer = client.get(address_of(name))

        policy = answer["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert not Page(answer.content.decode()).inline

    @pytest.mark.parametrize("login", ["auditor", "approver", "finance", "ops", "north-ops", "hexi-it"])
    def test_links_only_to_what_its_reader_may_open(self, login: str, as_person: Browser) -> None:
        client = as_person(login)
        found, opened, of_a_kind = ["/"], set(), Counter[tuple[str | None, ...]]()

        while found:
            address = found.pop().split("#")[0]
            if address in opened or address.startswith("/engine-room/"):
                continue
            opened.add(address)
            kind = (resolve(urlsplit(address).path).url_name, *sorted(parse_qs(urlsplit(address).query)))
            of_a_kind[kind] += 1
            if of_a_kind[kind] > 2:  # the third page of a kind says what the first two said
                continue
            answer = client.get(address)
            assert answer.status_code == 200, address
            if not answer.streaming:
                found += [urljoin(address, link) for link in Page(answer.content.decode()).links]

        assert len(opened) > 10


@pytest.mark.usefixtures("settled_month")
class TestRefusals:
    """What is refused is said in the reader's language too."""

    def test_what_is_not_there_is_said_in_the_readers_language(self, as_person: Browser) -> None:
        client = as_person("hexi-it")

        assert "There is no voucher nope here." in read(client, "/vouchers/nope/", "en")
        assert "这里没有算力券 nope。" in read(client, "/vouchers/nope/", "zh-hans")

    def test_who_may_do_it_is_said_in_the_readers_language(self, as_person: Browser) -> None:
        told = read(as_person("hexi-it"), "/books/", "zh-hans")

        assert "hexi-it 无权查看项目账簿。" in told
        assert "审计人员、" in told

    def test_an_address_that_does_not_exist_has_a_page(self, as_person: Browser) -> None:
        assert "没有这个页面" in read(as_person("hexi-it"), "/nowhere/", "zh-hans")


def test_the_language_is_switched_by_a_form(db: None) -> None:
    client = Client()

    answer = client.post("/language/", {"language": "zh-hans", "next": "/sign-in/"})

    assert answer["Location"] == "/sign-in/"
    assert "登录名" in client.get("/sign-in/").content.decode()


def read(client: Client, address: str, language: str) -> str:
    """Return a page in a language."""
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client.get(address).content.decode()


def test_times_and_figures_are_exact(db: None) -> None:
    from config.shell.templatetags import quanbu  # noqa: PLC0415 (a tag library is no module of ours to lean on)

    assert quanbu.money(-123456789) == "-1,234,567.89"
    assert quanbu.hours(444_444_444) == '<data value="444444444">123.45<small>6790</small></data>'
    assert quanbu.percent(3000) == "30"
    assert quanbu.percent(3333) == "33.33"
    assert quanbu.last_day(1_798_732_800_000) == "2026-12-31"
    assert quanbu.day(1_798_732_800_000) == "2027-01-01"
    assert quanbu.device_count(8_000) == "8"
    assert quanbu.device_count(500) == "0.5"
