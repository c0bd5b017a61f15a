import pytest

from comments import markup, names
from tests import corpora


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Rae", "Rae"),
        ("  Rae  of\tthe Hill ", "Rae of the Hill"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("ra\u200be", "rae"),
        ("\u202enimda\u202c", "nimda"),
        ("O'Neill-Smith Jr.", "O'Neill-Smith Jr."),
        ("\u2019t Hart", "\u2019t Hart"),
        ("rae_99", "rae_99"),
        ("Юлия Иванова", "Юлия Иванова"),
        ("王小明", "王小明"),
        ("राम", "राम"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("ra\u200ce", "rae"),
        ("Raeㅤ", "Rae"),
        ("Scunthorpe", "Scunthorpe"),
    ],
)
def test_a_name_is_shown_tidy(given, shown):
    assert names.display(given) == shown


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("", "too_short"),
        ("r", "too_short"),
        ("\u200b\u3164\u2800", "too_short"),
        ("-..-", "too_short"),
        ("a\u0301", "too_short"),
        ("r" * 41, "too_long"),
        ("rae@news.example", "characters"),
        ("@rae", "characters"),
        ("rae\nstaff", "characters"),
        ("rae\u2028staff", "characters"),
        ("rae\u2705", "characters"),
        ("rae \u2714\ufe0f", "characters"),
        ("<b>rae</b>", "characters"),
        ("rae\0", "nul"),
        ("rae\ud800", "surrogate"),
    ],
)
def test_a_name_that_will_not_do_is_refused(given, code):
    with pytest.raises(markup.Unusable) as refusal:
        names.display(given)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rae", "RAE"),
        ("rae", "r\u0430e"),
        ("rae", "ra\u200be"),
        ("rae", "ra\u00e9"),
        ("rae", "r.a.e"),
        ("Mary Ann", "Mary-Ann"),
        ("Ian", "lan"),
        ("m0derator", "moderator"),
        ("corn", "com"),
        ("Øystein", "oystein"),
        ("GUÐRÚN", "guðrún"),
        ("Галина", "галина"),
        ("İpek", "ipek"),
        ("\U0001d42b\U0001d41a\U0001d41e", "rae"),
        ("rae\u2705", "rae"),
    ],
)
def test_names_that_look_alike_share_a_key(one, other):
    assert names.key(one) == names.key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rae", "ray"),
        ("Nan", "Van"),
        ("Hugo", "Nugo"),
        ("राम", "रम"),
        ("王小明", "王小朋"),
        ("김민수", "김민지"),
        ("Борис", "Денис"),
    ],
)
def test_names_that_differ_have_their_own_keys(one, other):
    assert names.key(one) != names.key(other)


def test_a_key_fits_its_column():
    assert len(names.key("\ufdfa" * names.LONGEST)) == names.KEY_LENGTH


@pytest.mark.shared
def test_every_confusable_character_has_the_key_of_what_it_looks_like():
    assert [one for one, other in corpora.confusables() if names.key(one) != names.key(other)] == []


@pytest.mark.shared
def test_no_impostor_passes_as_staff():
    staff = {names.key(name) for name in ("admin", "moderator", "Editor")}
    assert [name for name in corpora.names_of_impostors() if _passes(name, staff)] == []


def _passes(name, staff):
    try:
        shown = names.display(name)
    except markup.Unusable:
        return False
    # Without its override, a name written backwards is read backwards.
    is_backwards = shown.isascii() and names.key(shown[::-1]) in staff
    return names.key(name) not in staff and not is_backwards
