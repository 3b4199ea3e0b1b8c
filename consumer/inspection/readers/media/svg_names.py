"""What an SVG may be made of: elements, attributes and name spaces that draw, and nothing that runs or loads.

The elements and attributes of SVG 1.1 and 2 (W3C), without scripts, events and foreign objects.
"""

from __future__ import annotations

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
XML = "http://www.w3.org/XML/1998/namespace"
XHTML = "http://www.w3.org/1999/xhtml"
EVENTS = "http://www.w3.org/2001/xml-events"

_ELEMENTS = """
    svg g defs symbol use switch a view title desc metadata style path rect circle ellipse line polyline polygon text
    tspan textPath tref altGlyph altGlyphDef altGlyphItem glyphRef image linearGradient radialGradient stop pattern
    clipPath mask marker filter cursor font glyph missing-glyph hkern vkern font-face font-face-src font-face-name
    font-face-format color-profile animate animateColor animateMotion animateTransform mpath set solidcolor solidColor
    mesh meshgradient meshGradient meshpatch meshPatch meshrow meshRow hatch hatchpath flowRoot flowRegion
    flowRegionExclude flowPara flowSpan flowDiv flowLine discard page pageSet
    feBlend feColorMatrix feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap
    feDistantLight feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feImage feMerge feMergeNode
    feMorphology feOffset fePointLight feSpecularLighting feSpotLight feTile feTurbulence
"""
ELEMENTS = frozenset(_ELEMENTS.split())
ANIMATIONS = frozenset({"animate", "animateColor", "animateMotion", "animateTransform", "set"})
PICTURED = frozenset({"image", "feImage"})  # whose link may be a picture as letters

_ATTRIBUTES = """
    accent-height accumulate additive alignment-baseline alphabetic amplitude arabic-form ascent attributeName
    attributeType azimuth baseFrequency baseProfile baseline-shift bbox begin bias by calcMode cap-height class clip
    clip-path clip-rule clipPathUnits color color-interpolation color-interpolation-filters color-profile
    color-rendering contentScriptType contentStyleType cx cy d decelerate descent diffuseConstant direction display
    divisor dominant-baseline dur dx dy edgeMode elevation enable-background end exponent externalResourcesRequired
    fill fill-opacity fill-rule filter filterRes filterUnits flood-color flood-opacity focusable font-family
    font-feature-settings font-kerning font-size font-size-adjust font-stretch font-style font-variant
    font-variant-ligatures font-variation-settings font-weight format fr from fx fy g1 g2 glyph-name
    glyph-orientation-horizontal glyph-orientation-vertical glyphRef gradientTransform gradientUnits hanging height
    horiz-adv-x horiz-origin-x horiz-origin-y id ideographic image-rendering in in2 intercept isolation k k1
    k2 k3 k4 kernelMatrix kernelUnitLength kerning keyPoints keySplines keyTimes lang lengthAdjust letter-spacing
    lighting-color limitingConeAngle line-height local marker marker-end marker-mid marker-start markerHeight
    markerUnits markerWidth mask mask-type maskContentUnits maskUnits mathematical max media method min
    mix-blend-mode mode name numOctaves offset opacity operator order orient orientation origin overflow
    overline-position overline-thickness paint-order panose-1 path pathLength patternContentUnits patternTransform
    patternUnits pointer-events points pointsAtX pointsAtY pointsAtZ preserveAlpha preserveAspectRatio primitiveUnits
    r radius refX refY rendering-intent repeatCount repeatDur requiredExtensions requiredFeatures requiredFonts
    requiredFormats restart result role rotate rx ry scale seed shape-inside shape-margin shape-padding
    shape-rendering side slope solid-color solid-opacity spacing specularConstant specularExponent spreadMethod
    startOffset stdDeviation stemh stemv stitchTiles stop-color stop-opacity strikethrough-position
    strikethrough-thickness string stroke stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin
    stroke-miterlimit stroke-opacity stroke-width style surfaceScale systemLanguage tabindex tableValues target
    targetX targetY text-align text-anchor text-decoration text-decoration-color text-decoration-line
    text-decoration-style text-indent text-orientation text-overflow text-rendering text-transform textLength title to
    transform transform-box transform-origin type u1 u2 underline-position underline-thickness unicode unicode-bidi
    unicode-range units-per-em v-alphabetic v-hanging v-ideographic v-mathematical values vector-effect version
    vert-adv-y vert-origin-x vert-origin-y viewBox viewTarget visibility white-space width widths will-change
    word-spacing writing-mode x x-height x1 x2 xChannelSelector y y1 y2 yChannelSelector z zoomAndPan
"""
ATTRIBUTES = frozenset(_ATTRIBUTES.split())
DRAWING = frozenset(name for name in ATTRIBUTES if not name.lower().startswith("on") and name not in ("href", "style"))
"""Those whose values do no more than draw, save by an address."""
"""Without a name space. They draw, or name what does; values with `url()` are looked at."""

HOLDING = ("style", "metadata")  # what stands in them is no drawing
PLAIN_ELEMENTS = ELEMENTS.difference(ANIMATIONS, HOLDING)
PLAIN_ATTRIBUTES = DRAWING | {"style"}

EDITORS = (
    "http://www.inkscape.org/",
    "http://sodipodi.sourceforge.net/",
    "http://inkscape.sourceforge.net/",
    "http://ns.adobe.com/",
    "http://www.adobe.com/",
    "adobe:ns:",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "http://purl.org/dc/",
    "http://creativecommons.org/ns#",
    "http://web.resource.org/cc/",
    "http://www.bohemiancoding.com/sketch/",
    "http://www.figma.com/",
    "http://www.serif.com/",
    "https://boxy-svg.com",
    "http://vectornator.io",
    "http://krita.org/",
    "http://www.calligra.org/",
    "http://www.corel.com/",
    "http://xml.openoffice.org/",
    "http://sun.com/xmlns/",
    "http://schemas.microsoft.com/",
    "urn:schemas-microsoft-com:",
    "http://www.iki.fi/",
    "http://svgjs.com/",
    "http://svgjs.dev/",
    "http://xmlns.com/",
    "http://www.gimp.org/",
    "http://www.xfig.org/",
    "http://taptrix.com/",
    "http://gettyimages.com/",
    "http://svgmaker.",
    "https://launchpad.net/jessyink",
)
"""What programs that draw keep for themselves. No viewer knows it."""
