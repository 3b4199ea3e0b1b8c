"""Extensions that others refuse to open, as they publish them. Facts, retyped: none of it is their text."""

_OUTLOOK = """
ade adp app appcontent-ms appref-ms asp aspx asx bas bat bgi cab cdxml cer chm cmd cnt com cpl crt csh der diagcab exe
fxp gadget grp hlp hpj hta htc inf ins iso isp its jar jnlp js jse ksh library-ms lnk mad maf mag mam maq mar mas mat
mau mav maw mcf mda mdb mde mdt mdw mdz mht mhtml msc msh msh1 msh2 mshxml msh1xml msh2xml msi msp mst msu ops osd pcd
pif pl plg prf prg printerexport ps1 ps1xml ps2 ps2xml psc1 psc2 psd1 psdm1 pssc pst py pyc pyo pyw pyz pyzw reg scf
scr sct settingcontent-ms shb shs theme tmp udl url vb vbe vbp vbs vhd vhdx vsmacros vsw webpnp website ws wsb wsc wsf
wsh xbap xll xnk
"""
OUTLOOK = _OUTLOOK.split()
"""Outlook and Outlook on the web: support.microsoft.com, "Blocked attachments in Outlook"; `BlockedFileTypes` of
Exchange's mailbox policy (learn.microsoft.com, Set-OwaMailboxPolicy)."""

_WINDOWS = """
ade adp app asp bas bat cer chm cmd cnt com cpl crt csh der exe fxp gadget grp hlp hpj hta inf ins isp its js jse ksh
lnk mad maf mag mam maq mar mas mat mau mav maw mcf mda mdb mde mdt mdw mdz msc msh msh1 msh1xml msh2 msh2xml mshxml
msi msp mst ocx ops pcd pif pl plg prf prg ps1 ps1xml ps2 ps2xml psc1 psc2 reg scf scr sct shb shs url vb vbe vbp vbs
vsmacros vsw wsc wsf wsh ws xnk settingcontent-ms search-ms searchconnector-ms library-ms appref-ms application
"""
WINDOWS = _WINDOWS.split()
"""The attachment manager's high-risk types and `AssocIsDangerous` (learn.microsoft.com, shlwapi); the shell's own
documents, which Explorer opens."""

_ACROBAT = """
ade adp app arc arj asp bas bat bz bz2 cab chm class cmd com command cpl crt csh desktop dll exe fxp gz hex hlp hqx hta
inf ini ins isp its job js jse ksh lnk lzh mad maf mag mam maq mar mas mat mau mav maw mda mdb mde mdt mdw mdz msc msi
msp mst ocx ops pcd pi pif prf prg pst rar reg scf scr sct sea shb shs sit tar taz tgz tmp url vb vbe vbs vsmacros vss
vst vsw webloc ws wsc wsf wsh z zip zlo zoo
"""
ACROBAT = _ACROBAT.split()
"""Adobe, Application Security Guide, "Attachments": default prohibited file types."""

_MACOS = "app command tool terminal scpt scptd applescript workflow action fileloc inetloc webloc mpkg pkg osax kext"
MACOS = _MACOS.split()
"""CoreTypes' category of unsafe executables, and what Gatekeeper's advisories name (CVE-2021-30657, CVE-2022-22616)."""

_ARCHIVES = "arc arj bz bz2 cab gz hqx lzh rar sea sit tar taz tgz z zip zlo zoo"
_DATA = "asx bgi hex ini pst tmp vss vst webpnp psdm1"
NO_PROGRAMS = {
    "archives, which are no allowed type": _ARCHIVES.split(),
    "pages, which have a row of their own": ["mht", "mhtml"],
    "data: no program runs it, and documents hold it": _DATA.split(),
}
"""What these lists refuse for another reason."""
