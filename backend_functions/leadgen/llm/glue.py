"""Words a friendly first line may have beside those of the post: they say nothing about the advertiser.

A word that claims something ("licensed", "family", "years", "best") is not among them: it must stand in the post.
"""

from __future__ import annotations

from leadgen.llm.namewords import words

OPENER_GLUE: dict[str, frozenset[str]] = {
    "en": words("""
        hi hello hey there dear good morning i i'm i'd i've we we're we've you you're you've your yours my me our us
        it its it's is are was were be been am do does did done have has had can could would will might may should and
        or but so as at by for from in into of off on onto over out up to with about through around near across after
        while when where how what who which that this these those the a an some all any every one just only also too
        both even not really truly very quite especially particularly recently today now here again saw see seen came
        come found find noticed notice read reading spotted browsing looking looked look looks sound sounds caught
        catch eye attention stood stand ad ads advert advertisement listing post posting online offer offers offering
        offered provide provides providing range variety kind kinds sort thing things service services work works
        working job jobs business local area folks people others customers clients homeowners community neighbors
        someone anyone help helps helping helpful useful love loved like liked enjoy enjoyed appreciate interested
        interesting interest impressed impressive great nice wonderful lovely clear clearly friendly glad happy
        pleased hope hoping wanted want thought think thanks thank reach reaching touch learn more mention mentioned
        mentions say says said take takes taking care make makes making made get gets getting keep keeps including
        like such plus well way
    """),
    "es": words("""
        hola buenos buenas días tardes vi visto leí leído encontré noté su sus tu tus anuncio publicación aviso sobre
        de del en el la los las un una unos unas y o e que con para por me nos le les lo gustó gusta interesó interesa
        llamó atención mi nuestra servicio servicios ofrece ofrecen ofrecer trabajo trabajos muy buen buena bueno gran
        quería quisiera saludar saludarle gusto mucho más como también es está son usted ustedes negocio zona área
        local hacen hace al se acerca donde todo todos su
    """),
    "fr": words("""
        bonjour j'ai ai vu lu remarqué trouvé votre vos annonce pour de du des le la les un une et ou en sur dans avec
        je nous vous avons service services proposez offrez propose intéressé intéresse attiré attention mon notre
        bien très que qui à au aux est sont travail travaux d'annonce l'annonce beaucoup aussi par
    """),
    "pt": words("""
        olá oi bom dia vi li encontrei notei o a os as seu sua seus suas anúncio sobre de do da dos das em no na nos
        nas e ou um uma para por com gostei chamou atenção minha nossa serviço serviços oferece oferecem trabalho
        trabalhos muito boa que mais também
    """),
    "de": words("""
        hallo guten tag ich wir habe haben ihre ihr ihren ihrem ihrer anzeige gesehen gelesen gefunden entdeckt für
        über und oder der die das den dem ein eine einen in im von vom zu zum zur mit auf bei angebot dienste
        leistungen bieten anbieten sie sehr gut schön gefallen gefällt aufmerksam geworden ist sind bin mir uns auch
    """),
}  # fmt: skip
"""By language. A line in another language is held to the post's words alone."""

NEVER_IN_OPENER = words("""
    click reply send wire pay paid payment visit call text txt download password verify account login bank refund
    prize winner won congratulations urgent bitcoin crypto gift invoice email e-mail gmail hotmail yahoo whatsapp
    telegram http https www dot arroba ignore instructions system prompt assistant guarantee guaranteed promise
    promised free discount dollars
""")
"""Words that make a first line something else: an order, a promise, a way to somewhere."""

REASON_GLUE = words("""
    the a an and or but so as at by for from in into of on to with without no not none it its it's is are was were be
    been has have had does do can could this that these those there here some few little much many more most less very
    quite rather only also too though although because since however yet still site site's website page pages homepage
    home web online looks look looking reads read seems feel feels appears simple clear clearly clean plain dated
    basic modern easy hard slow fast missing lacks lack lacking misses good fair poor weak strong solid decent okay ok
    well text content words copy layout design visitors visitor customers people mobile phone phones contact
    information info details services service lists list listed listing shows show showing explains explain says say
    what who how offers offer offering business score scores scored points measured found finding could better improve
    improved needs need should would helps help
""")
"""Words the reason for a website's score may have beside those of the findings and the page."""
