#include "tests/support/random_pools.h"
#include "tests/support/random_rules.h"

namespace kubevigil {
namespace {

using namespace pools;

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

// Members of an object, in the order in which they were added; repeated keys stay.
class Members {
 public:
  Members& add(const std::string& key, const std::string& json) {
    text_ += (text_.empty() ? "" : ",") + quoted(key) + ":" + json;
    return *this;
  }
  std::string json() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

class EventWriter {
 public:
  explicit EventWriter(Random& random) : random_(random) {}

  std::string event() {
    verb_ = random_.chance(50) ? random_.pick(kVerbs) : random_.chance(60) ? "patch" : "create";
    level_ = random_.chance(50) ? "RequestResponse" : random_.pick(kLevels);
    Members out;
    out.add("kind", quoted("Event")).add("apiVersion", quoted("audit.k8s.io/v1")).add("level", quoted(level_));
    out.add("auditID", quoted("a-" + std::to_string(random_.below(1000000))));
    out.add("stage", quoted(random_.chance(70) ? "ResponseComplete" : random_.pick(kStages)));
    out.add("requestURI", quoted("/api/v1/" + random_.pick(kResources) + "?limit=" + random_.pick(kNumbers)));
    out.add("verb", quoted(verb_));
    identity(out);
    if (random_.chance(90)) out.add("objectRef", object_ref());
    if (random_.chance(85)) out.add("responseStatus", Members().add("code", random_.pick(kCodes)).json());
    bodies(out);
    out.add("requestReceivedTimestamp", quoted("2026-01-02T03:04:05.000000Z"));
    out.add("stageTimestamp", quoted("2026-01-02T03:04:05.100000Z"));
    if (random_.chance(70)) out.add("annotations", annotations());
    return out.json();
  }

 private:
  std::string some(const Pool& pool) { return quoted(random_.pick(pool)); }
  std::string list(const Pool& pool, size_t most) {
    std::string items;
    for (size_t n = random_.below(most + 1); n > 0; --n) items += (items.empty() ? "" : ",") + some(pool);
    return "[" + items + "]";
  }

  void identity(Members& out) {
    Members user;
    user.add("username", some(kUsers));
    if (random_.chance(80)) user.add("groups", list(kGroups, 3));
    if (random_.chance(3)) user.add("username", some(kUsers));  // a repeated key
    if (random_.chance(20)) user.add("extra", Members().add("scopes", "[" + some(kLabels) + "]").json());
    out.add("user", user.json());
    if (random_.chance(15)) out.add("impersonatedUser", Members().add("username", some(kUsers)).json());
    if (random_.chance(90)) out.add("sourceIPs", list(kAddresses, 2));
    if (random_.chance(90)) out.add("userAgent", some(kAgents));
  }

  std::string object_ref() {
    Members ref;
    ref.add("resource", some(kResources));
    if (random_.chance(80)) ref.add("namespace", some(kNamespaces));
    if (random_.chance(80)) ref.add("name", some(kNames));
    if (random_.chance(15)) ref.add("subresource", some(kSubresources));
    return ref.json();
  }

  std::string annotations() {
    Members out;
    out.add("authorization.k8s.io/decision", some(kDecisions));
    if (random_.chance(5)) out.add("audit.k8s.io/truncated", quoted("true"));
    return out.json();
  }

  void bodies(Members& out) {
    const bool writes = verb_ == "create" || verb_ == "update" || verb_ == "patch";
    if (writes && level_ != "Metadata" && random_.chance(90)) {
      const bool json_patch = verb_ == "patch" && random_.chance(25);
      out.add("requestObject", json_patch ? patch() : random_.chance(3) ? "null" : object());
    }
    if (verb_ == "delete" && level_ != "Metadata" && random_.chance(50)) {
      out.add("requestObject", R"({"kind":"DeleteOptions","gracePeriodSeconds":0})");
    }
    if (level_ == "RequestResponse" && random_.chance(90)) out.add("responseObject", object());
  }

  std::string patch() {
    std::string operations;
    for (size_t n = 1 + random_.below(2); n > 0; --n) {
      Members op;
      op.add("op", quoted(random_.chance(50) ? "replace" : random_.chance(70) ? "add" : "remove"));
      switch (random_.below(4)) {
        case 0:
          op.add("path", quoted("/spec/replicas")).add("value", number());
          break;
        case 1:
          op.add("path", quoted("/spec/nodeName")).add("value", some(kNames));
          break;
        case 2:
          op.add("path", quoted("/spec/containers/0/image")).add("value", some(kImages));
          break;
        default:
          op.add("path", quoted("/spec/containers/-")).add("value", container());
          break;
      }
      operations += (operations.empty() ? "" : ",") + op.json();
    }
    return "[" + operations + "]";
  }

  std::string object() {
    Members out;
    if (random_.chance(80)) out.add("metadata", metadata());
    if (random_.chance(90)) out.add("spec", random_.chance(4) ? some(kNames) : spec());
    if (random_.chance(10)) out.add("spec", spec());  // a repeated key: both count
    return out.json();
  }

  std::string metadata() {
    Members out;
    if (random_.chance(80)) out.add("name", random_.chance(5) ? "null" : some(kNames));
    if (random_.chance(60)) out.add("labels", Members().add("app.kubernetes.io/name", some(kLabels)).json());
    return out.json();
  }

  std::string spec() {
    Members out;
    if (random_.chance(70)) out.add("replicas", number());
    if (random_.chance(60)) out.add("hostNetwork", random_.chance(50) ? "true" : "false");
    if (random_.chance(60)) out.add("nodeName", random_.chance(10) ? "null" : some(kNames));
    if (random_.chance(50)) out.add("clusterIP", some(kAddresses));
    if (random_.chance(85)) out.add("containers", containers());
    return out.json();
  }

  // Numbers also as the strings that spell them, and as what is no number at all.
  std::string number() {
    if (random_.chance(70)) return random_.pick(kNumbers);
    return random_.chance(70) ? some(kNumbers) : some(kNames);
  }

  std::string containers() {
    if (random_.chance(3)) return some(kImages);
    std::string items;
    for (size_t n = random_.below(4); n > 0; --n) items += (items.empty() ? "" : ",") + container();
    return "[" + items + "]";
  }

  std::string container() {
    Members out;
    if (random_.chance(90)) out.add("name", some(kNames));
    if (random_.chance(90)) out.add("image", random_.chance(15) ? some(kNames) : some(kImages));
    if (random_.chance(85)) {
      out.add("args", random_.chance(30) ? "[\"" + random_.pick(kWideArgs) + "\"]" : list(kArgs, 4));
    }
    if (random_.chance(60)) {
      out.add("securityContext", Members().add("privileged", random_.chance(50) ? "true" : "false").json());
    }
    return out.json();
  }

  Random& random_;
  std::string verb_, level_;
};

}  // namespace

uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15ULL;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

std::string random_event(Random& random) { return EventWriter(random).event(); }

}  // namespace kubevigil
