// The published JSON Schema of an alert; to_json in alert.cpp writes what it describes, a test holds both together.
#include "engine/alert/alert.h"

namespace kubevigil {

std::string alert_schema() {
  return R"json({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": "kubevigil.alert/v1",
  "title": "kubevigil alert",
  "description": "One alert (an episode of matches of one rule and group key). (id, revision) is unique. Values from the audit log are attacker-written: escape them.",
  "type": "object",
  "additionalProperties": false,
  "required": ["schema", "id", "dedup_key", "revision", "status", "time", "first_seen", "last_seen", "count", "rule",
               "level", "message", "actor", "permission", "source", "target", "request", "events"],
  "properties": {
    "schema": {"const": "kubevigil.alert/v1"},
    "id": {"type": "string", "minLength": 1, "description": "Deterministic: same ordered input, same id."},
    "dedup_key": {"type": "string", "description": "Hash of rule, cluster and group key: the same for later alerts about the same thing."},
    "revision": {"type": "integer", "minimum": 1},
    "status": {"enum": ["open", "update", "closed", "retracted"]},
    "time": {"$ref": "#/$defs/time", "description": "Event time of the match that opened the alert."},
    "first_seen": {"$ref": "#/$defs/time"},
    "last_seen": {"$ref": "#/$defs/time"},
    "count": {"type": "integer", "minimum": 0, "description": "Matches that joined, the first included."},
    "measure": {"type": "number", "description": "Highest count, distinct count, sum, average or percentile."},
    "duration_seconds": {"type": "number", "minimum": 0, "description": "Of a long-running request, once its end was seen."},
    "state_since": {"$ref": "#/$defs/time", "description": "Of rules that remember (correlations): what the rule knows of this cluster begins at this event time; of a new_value rule with a baseline, where the baseline begins. Left out where it is not known."},
    "rule": {
      "type": "object", "additionalProperties": false, "required": ["id", "name", "title", "hash"],
      "properties": {
        "id": {"type": "string"}, "name": {"type": "string"}, "title": {"type": "string"},
        "hash": {"type": "string", "description": "SHA-256 of everything that changes the rule's meaning."}
      }
    },
    "level": {"enum": ["informational", "low", "medium", "high", "critical"]},
    "stage": {"enum": ["entry", "collect", "probe", "spread", "effect"]},
    "risk": {"type": "integer", "minimum": 0, "maximum": 100},
    "message": {"type": "string"},
    "attack": {
      "type": "array", "description": "MITRE ATT&CK, version 19.",
      "items": {
        "type": "object", "additionalProperties": false,
        "properties": {
          "tactic_id": {"type": "string", "pattern": "^TA[0-9]{4}$"}, "tactic": {"type": "string"},
          "technique_id": {"type": "string", "pattern": "^T[0-9]{4}([.][0-9]{3})?$"}, "technique": {"type": "string"}
        }
      }
    },
    "cluster": {"type": "string"},
    "envelope": {"type": "string", "description": "What the event was wrapped in: native, eks-cloudwatch, gke, ..."},
    "group": {
      "type": "array", "description": "Group key of the alert.",
      "items": {
        "type": "object", "additionalProperties": false, "required": ["name", "value"],
        "properties": {"name": {"type": "string"}, "value": {"type": "string"}}
      }
    },
    "values": {"$ref": "#/$defs/texts", "description": "Sample of the distinct or new values."},
    "actor": {
      "type": "object", "additionalProperties": false,
      "properties": {
        "username": {"type": "string", "description": "The effective user."}, "uid": {"type": "string"},
        "groups": {"$ref": "#/$defs/texts"},
        "impersonated_by": {"type": "string", "description": "Who authenticated, when it impersonated the user."},
        "service_account_namespace": {"type": "string"}, "service_account_name": {"type": "string"},
        "pod": {"type": "string"}, "pod_uid": {"type": "string"}, "node": {"type": "string"},
        "credential_id": {"type": "string"}
      }
    },
    "permission": {
      "type": "object", "additionalProperties": false,
      "properties": {
        "decision": {"type": "string"}, "reason": {"type": "string"},
        "binding": {"type": "string"}, "role": {"type": "string"}
      }
    },
    "source": {
      "type": "object", "additionalProperties": false,
      "properties": {"ips": {"$ref": "#/$defs/texts"}, "peer_ip": {"type": "string"}, "user_agent": {"type": "string"}}
    },
    "target": {
      "type": "object", "additionalProperties": false,
      "properties": {
        "api_group": {"type": "string"}, "resource": {"type": "string"}, "subresource": {"type": "string"},
        "namespace": {"type": "string"}, "name": {"type": "string"}, "uid": {"type": "string"}
      }
    },
    "request": {
      "type": "object", "additionalProperties": false,
      "properties": {
        "verb": {"type": "string"}, "uri": {"type": "string"}, "audit_id": {"type": "string"},
        "stage": {"type": "string"}, "code": {"type": "integer"}, "dry_run": {"type": "boolean"}
      }
    },
    "why": {
      "type": "array", "description": "Conditions of the rule that held on the opening event, with the values that made them hold.",
      "items": {
        "type": "object", "additionalProperties": false, "required": ["condition"],
        "properties": {"condition": {"type": "string"}, "field": {"type": "string"}, "values": {"$ref": "#/$defs/texts"}}
      }
    },
    "events": {
      "type": "array", "description": "Sample: the first events and the last.",
      "items": {
        "type": "object", "additionalProperties": false, "required": ["time", "file", "offset", "line"],
        "properties": {
          "audit_id": {"type": "string"}, "time": {"$ref": "#/$defs/time"}, "file": {"type": "string"},
          "offset": {"type": "integer", "minimum": 0, "description": "Bytes before the record, uncompressed."},
          "line": {"type": "integer", "minimum": 0}
        }
      }
    },
    "chain": {
      "type": "object", "description": "Of a rule of type chain: whose chain it is, its hits, and the links by which those of others count.",
      "additionalProperties": false, "required": ["root", "stages", "links", "hits"],
      "properties": {
        "root": {"type": "string"},
        "stages": {"$ref": "#/$defs/texts", "description": "In the order in which they came."},
        "links": {
          "type": "array",
          "items": {
            "type": "object", "additionalProperties": false, "required": ["link", "from", "to", "time"],
            "properties": {
              "link": {"type": "string"}, "from": {"type": "string", "description": "Who made the link."},
              "to": {"type": "string", "description": "What it reaches."}, "time": {"$ref": "#/$defs/time"},
              "event": {"type": "string", "description": "Audit id."}
            }
          }
        },
        "hits": {
          "type": "array", "description": "Sample: of each rule and actor the first and the last.",
          "items": {
            "type": "object", "additionalProperties": false, "required": ["rule", "level", "stage", "by", "time"],
            "properties": {
              "rule": {"type": "string"}, "level": {"type": "string"}, "stage": {"type": "string"},
              "by": {"type": "string"}, "time": {"$ref": "#/$defs/time"},
              "event": {"type": "string", "description": "Audit id."}
            }
          }
        }
      }
    },
    "audit_level": {"type": "string", "description": "Audit level of the opening event."},
    "missing": {"$ref": "#/$defs/texts", "description": "What the opening event did not carry. event: time passing opened the alert, actor and target are of the group."},
    "next_steps": {"$ref": "#/$defs/texts", "description": "Advice and commands to copy; never run by kubevigil."},
    "references": {"$ref": "#/$defs/texts"},
    "approximate": {"const": true, "description": "The measure has a stated error."},
    "degraded": {"const": true, "description": "Part of the state was evicted before: the count is a lower bound."},
    "salvaged": {"const": true, "description": "The opening record was found again behind a torn line."}
  },
  "$defs": {
    "time": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z$"},
    "texts": {"type": "array", "items": {"type": "string"}}
  }
}
)json";
}

}  // namespace kubevigil
