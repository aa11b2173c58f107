"""What switchboards and contact centres call their columns and outcomes.

In: nothing. Out: our names to theirs, in small letters without signs between them: of 3CX, Five9,
FusionPBX, Issabel, Avaya, Genesys, Teams, NICE, Talkdesk and Cisco, in English first, then German,
Spanish and French. Names that mean something else from system to system are not here: they are left
open.
"""

from typing import Final

#: Our column to the names of theirs, the likeliest first.
COLUMN_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "call_id": (
        "callid", "uniqueid", "conversationid", "calluuid", "callguid", "callsid", "linkedid",
        "interactionid", "contactid", "historyid", "sessionid", "callhistoryid", "correlationid",
        "uuid", "ucid", "anrufid", "gesprachsid", "idllamada", "idappel", "id",
        "nodeidsessionidsequenceno",
    ),
    "queue": (
        "queue", "queuename", "skill", "skillname", "splitskill", "split", "queueextension",
        "callqueue", "ccqueue", "queuedn", "campaign", "servicequeue", "warteschlange", "cola",
        "filedattente", "resourceaccount", "csqnames", "csqname", "ringgroups", "ringgroup",
    ),
    "entered_at": (
        "enteredat", "queueentered", "timequeued", "enqueuetime", "queuestarttime", "joinedat",
        "queueentertime",
        "ccqueuejoinedepoch", "starttime", "start", "startdatetime", "callstarttime", "calltime",
        "datetimeentryqueue", "datetime", "calldate", "timestamp", "started", "startzeit",
        "beginn", "fechahora", "fechainicio", "horainicio", "datedebut", "heuredebut", "startat",
    ),
    "answered_at": (
        "answeredat", "answertime", "timeanswered", "connecttime", "connectedat", "answered",
        "ccqueueansweredepoch", "agentanswertime", "datetimeinit", "angenommenum", "horarespuesta",
        "heurereponse",
    ),
    "ended_at": (
        "endedat", "endtime", "end", "enddatetime", "hanguptime", "disconnecttime", "timeended",
        "callendtime", "ccqueueterminatedepoch", "datetimeend", "ended", "endzeit", "ende",
        "horafin", "fechafin", "heurefin", "datefin", "endat",
    ),
    "left_at": ("leftat", "ccqueuecanceledepoch", "canceledat", "abandontime", "abandonedat"),
    "outcome": (
        "outcome", "disposition", "callstatus", "callresult", "result", "status", "calloutcome",
        "cccause", "ergebnis", "resultado", "estado", "resultat", "statut",
        "contactdisposition", "abandon",
    ),
    "reason": ("reason", "cccancelreason", "cancelreason", "reasonterminated", "grund", "motivo"),
    "wait": (
        "wait", "waittime", "waiting", "waitingtime", "queuewaittime", "queuetime", "timeinqueue",
        "speedofanswer", "holdtimeinqueue", "durationwait", "wartezeit", "espera", "tiempoespera",
        "inqueue", "tempsattente", "attente",
    ),
    "talk": (
        "talk", "talktime", "talking", "talkingtime", "conversationtime", "durationtalk",
        "sprechzeit", "gesprachszeit", "gesprachsdauer", "conversacion", "tiempoconversacion",
        "tempsconversation", "agenttime",
    ),
    "hold": (
        "hold", "holdtime", "holdingtime", "heldtime", "haltezeit", "retencion",
        "tempsmiseenattente",
    ),
    "wrapup": (
        "wrapup", "wrapuptime", "acw", "acwtime", "aftercallworktime", "aftercallwork",
        "nachbearbeitung", "nachbearbeitungszeit", "worktime",
    ),
    "ring": ("ring", "ringtime", "ringing", "ringingtime", "alerttime", "klingelzeit", "timbre"),
    "agent": (
        "agent", "agentname", "agentid", "agentusername", "answeredby", "user", "username",
        "ccagent", "operator", "agente", "bearbeiter", "mitarbeiter", "operateur",
    ),
    "direction": ("direction", "calldirection", "richtung", "direccion", "sens"),
    "channel": ("channel", "media", "mediatype", "kanal", "canal"),
    "priority": ("priority", "prioritat", "prioridad", "priorite"),
    "topic": ("topic", "callreason", "wrapupcode", "wrapupname", "thema", "tema", "sujet"),
}  # fmt: skip
#: Columns of a date and a time apart; one of the start is a time too, where its cells have no date.
DATES: Final = frozenset({"date", "datum", "fecha", "day", "startdate", "calldate"})
TIMES: Final = frozenset({"time", "uhrzeit", "zeit", "hora", "heure", "timeofday"})

#: Our outcome to the words of theirs.
OUTCOME_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "answered": (
        "answered", "answer", "connected", "completed", "complete", "completeagent", "handled",
        "completecaller", "served", "beantwortet", "angenommen", "contestada", "contestado",
        "atendida", "terminada", "repondu", "decroche", "terminated",
    ),
    "abandoned": (
        "abandoned", "abandon", "cancel", "abandonedinqueue", "noanswer", "unanswered", "missed",
        "hangup", "lost", "callerhungup", "callerhangup", "aufgelegt", "verloren", "abgebrochen",
        "abandonada", "abandonado", "nocontestada", "perdida", "abandonne", "perdu",
        "shortabandoned",
    ),
    "timeout": ("timeout", "exitwithtimeout", "maxwaittime", "timedout"),
    "overflow": ("overflow", "overflowed", "uberlauf", "debordement"),
    "key": ("exitwithkey", "keypress"),
    "voicemail": ("voicemail", "anrufbeantworter", "buzon", "messagerie"),
    "callback": ("callback", "callbackrequested", "queuecallback", "ruckruf", "rappel"),
    "transfer": ("transfer", "transferred", "transferredout", "blindtransfer", "weitergeleitet"),
    "no_agents": ("noagents", "exitempty", "leaveempty", "joinempty", "noagent"),
    "closed": ("closed", "afterhours", "outofhours", "geschlossen"),
    "full": ("full", "queuefull", "busy", "besetzt"),
    "error": ("error", "failed", "systemerror", "fehler"),
}  # fmt: skip
