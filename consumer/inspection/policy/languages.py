"""The languages that a policy may speak, by their shortest codes of ISO 639, as the locales of customers begin."""

from __future__ import annotations

from collections.abc import Mapping

_TWO_LETTERS = """
    aa/aar ab/abk ae/ave af/afr ak/aka am/amh an/arg ar/ara as/asm av/ava ay/aym az/aze ba/bak be/bel bg/bul bh/bih
    bi/bis bm/bam bn/ben bo/bod/tib br/bre bs/bos ca/cat ce/che ch/cha co/cos cr/cre cs/ces/cze cu/chu cv/chv
    cy/cym/wel da/dan de/deu/ger dv/div dz/dzo ee/ewe el/ell/gre en/eng eo/epo es/spa et/est eu/eus/baq fa/fas/per
    ff/ful fi/fin fj/fij fo/fao fr/fra/fre fy/fry ga/gle gd/gla gl/glg gn/grn gu/guj gv/glv ha/hau he/heb hi/hin
    ho/hmo hr/hrv ht/hat hu/hun hy/hye/arm hz/her ia/ina id/ind ie/ile ig/ibo ii/iii ik/ipk io/ido is/isl/ice it/ita
    iu/iku ja/jpn jv/jav ka/kat/geo kg/kon ki/kik kj/kua kk/kaz kl/kal km/khm kn/kan ko/kor kr/kau ks/kas ku/kur
    kv/kom kw/cor ky/kir la/lat lb/ltz lg/lug li/lim ln/lin lo/lao lt/lit lu/lub lv/lav mg/mlg mh/mah mi/mri/mao
    mk/mkd/mac ml/mal mn/mon mr/mar ms/msa/may mt/mlt my/mya/bur na/nau nb/nob nd/nde ne/nep ng/ndo nl/nld/dut nn/nno
    no/nor nr/nbl nv/nav ny/nya oc/oci oj/oji om/orm or/ori os/oss pa/pan pi/pli pl/pol ps/pus pt/por qu/que rm/roh
    rn/run ro/ron/rum ru/rus rw/kin sa/san sc/srd sd/snd se/sme sg/sag sh/hbs si/sin sk/slk/slo sl/slv sm/smo sn/sna
    so/som sq/sqi/alb sr/srp ss/ssw st/sot su/sun sv/swe sw/swa ta/tam te/tel tg/tgk th/tha ti/tir tk/tuk tl/tgl
    tn/tsn to/ton tr/tur ts/tso tt/tat tw/twi ty/tah ug/uig uk/ukr ur/urd uz/uzb ve/ven vi/vie vo/vol wa/wln wo/wol
    xh/xho yi/yid yo/yor za/zha zh/zho/chi zu/zul
"""  # each with its three letters, by which no locale names it (ISO 639-1 and 639-2, from Debian's iso-codes)

_COUNTRIES = {
    "at": "de", "au": "en", "cn": "zh", "cz": "cs", "dk": "da", "eg": "ar", "gb": "en", "gr": "el", "hk": "zh",
    "il": "he", "ir": "fa", "jp": "ja", "mx": "es", "nz": "en", "pk": "ur", "rs": "sr", "ua": "uk", "us": "en",
    "vn": "vi",
}  # fmt: skip
_WITHDRAWN = {"in": "id", "iw": "he", "ji": "yi", "mo": "ro"}

LANGUAGES = frozenset(group.split("/")[0] for group in _TWO_LETTERS.split())
"""All that there are of two letters."""

MEANT: Mapping[str, str] = {
    **{long: short for short, *others in (group.split("/") for group in _TWO_LETTERS.split()) for long in others},
    **_COUNTRIES,
    **_WITHDRAWN,
}
"""What is written for a language and names none here → the language."""


def is_language(code: str) -> bool:
    """Whether a locale may begin so. Of three letters it is not known which are one, only which ones have two."""
    return code in LANGUAGES if len(code) == 2 else code not in MEANT
