// Decisions of the API server's own audit policy code, as a table: policies as text, whether they are taken, and what
// they decide about requests. Random ones from a fixed seed, and files that are odd on purpose.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/serializer"
	auditinternal "k8s.io/apiserver/pkg/apis/audit"
	"k8s.io/apiserver/pkg/audit"
	"k8s.io/apiserver/pkg/audit/policy"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"sigs.k8s.io/yaml"
)

type request struct {
	User        string   `json:"user,omitempty"`
	Groups      []string `json:"groups,omitempty"`
	Verb        string   `json:"verb"`
	Resource    string   `json:"resource,omitempty"`
	Subresource string   `json:"subresource,omitempty"`
	Group       string   `json:"apiGroup,omitempty"`
	Namespace   string   `json:"namespace,omitempty"`
	Name        string   `json:"name,omitempty"`
	Path        string   `json:"path,omitempty"`
	Level       string   `json:"level"`
	Omit        []string `json:"omit,omitempty"`
	NoManaged   bool     `json:"omitManagedFields,omitempty"`
}

type line struct {
	Policy   string    `json:"policy"`
	Taken    string    `json:"taken"` // yes; leniently: keys were dropped; no
	Requests []request `json:"requests,omitempty"`
}

func attributes(r request) authorizer.Attributes {
	a := authorizer.AttributesRecord{Verb: r.Verb, Namespace: r.Namespace, APIGroup: r.Group, Resource: r.Resource,
		Subresource: r.Subresource, Name: r.Name, ResourceRequest: r.Resource != "", Path: r.Path}
	if r.User != "" || len(r.Groups) > 0 {
		a.User = &user.DefaultInfo{Name: r.User, Groups: r.Groups}
	}
	return a
}

func judge(text string, requests []request) line {
	out := line{Policy: text, Taken: "no"}
	p, err := policy.LoadPolicyFromBytes([]byte(text))
	if err != nil {
		return out
	}
	out.Taken = "yes"
	strict := serializer.NewCodecFactory(audit.Scheme, serializer.EnableStrict).UniversalDecoder()
	if _, _, err := strict.Decode([]byte(text), nil, &auditinternal.Policy{}); err != nil {
		out.Taken = "leniently"
	}
	evaluator := policy.NewPolicyRuleEvaluator(p)
	for _, r := range requests {
		d := evaluator.EvaluatePolicyRule(attributes(r))
		r.Level = string(d.Level)
		r.NoManaged = d.OmitManagedFields
		for _, s := range d.OmitStages {
			r.Omit = append(r.Omit, string(s))
		}
		sort.Strings(r.Omit)
		out.Requests = append(out.Requests, r)
	}
	return out
}

var (
	users      = []string{"alice", "Alice", "system:kube-proxy", "system:serviceaccount:shop:web", "system:anonymous", ""}
	groups     = []string{"system:masters", "system:nodes", "system:authenticated", "dev"}
	verbs      = []string{"get", "list", "create", "patch", "*", "GET"}
	specs      = []string{"pods", "pods/exec", "pods/*", "*/exec", "*", "*/*", "secrets", "pods/", "/exec", "deployments", "*/scale"}
	resources  = []string{"pods", "secrets", "deployments", "exec"}
	parts      = []string{"", "", "exec", "scale", "log"}
	apiGroups  = []string{"", "apps"}
	namespaces = []string{"", "shop", "kube-system"}
	names      = []string{"", "web", "db"}
	urls       = []string{"*", "/", "/healthz", "/healthz*", "/healthz/*", "/api*", "/api/", "/version**"}
	paths      = []string{"/", "/healthz", "/healthz/etcd", "/healthzz", "/api", "/api/", "/version", "/version*"}
	levels     = []string{"None", "Metadata", "Request", "RequestResponse"}
	stages     = []string{"RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"}
)

func pick(r *rand.Rand, from []string) string { return from[r.Intn(len(from))] }

func some(r *rand.Rand, from []string, chance float64) []string {
	if r.Float64() > chance {
		return nil
	}
	var out []string
	for i := 1 + r.Intn(2); i > 0; i-- {
		out = append(out, pick(r, from))
	}
	return out
}

func set(m map[string]any, key string, values []string) {
	if len(values) > 0 {
		m[key] = values
	}
}

func randomRule(r *rand.Rand) map[string]any {
	rule := map[string]any{"level": pick(r, levels)}
	set(rule, "users", some(r, users, 0.3))
	set(rule, "userGroups", some(r, groups, 0.3))
	set(rule, "verbs", some(r, verbs, 0.3))
	set(rule, "omitStages", some(r, stages, 0.2))
	if r.Float64() < 0.2 {
		rule["omitManagedFields"] = r.Intn(2) == 0
	}
	switch r.Intn(4) {
	case 0:
		set(rule, "nonResourceURLs", some(r, urls, 1))
	case 1:
		set(rule, "namespaces", some(r, namespaces, 1))
	case 2:
		element := map[string]any{"group": pick(r, apiGroups)}
		set(element, "resources", some(r, specs, 0.9))
		if element["resources"] != nil {
			set(element, "resourceNames", some(r, names, 0.3))
		}
		rule["resources"] = []any{element}
		set(rule, "namespaces", some(r, namespaces, 0.2))
	}
	return rule
}

func randomPolicy(r *rand.Rand) string {
	p := map[string]any{"apiVersion": "audit.k8s.io/v1", "kind": "Policy"}
	var rules []any
	for i := 1 + r.Intn(5); i > 0; i-- {
		rules = append(rules, randomRule(r))
	}
	p["rules"] = rules
	set(p, "omitStages", some(r, stages, 0.3))
	if r.Float64() < 0.3 {
		p["omitManagedFields"] = true
	}
	text, err := yaml.Marshal(p)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func randomRequest(r *rand.Rand) request {
	q := request{User: pick(r, users), Groups: some(r, groups, 0.7), Verb: pick(r, verbs[:4])}
	if r.Intn(3) == 0 {
		q.Path = pick(r, paths)
		return q
	}
	q.Resource, q.Subresource = pick(r, resources), pick(r, parts)
	q.Group, q.Namespace, q.Name = pick(r, apiGroups), pick(r, namespaces), pick(r, names)
	return q
}

const head = "apiVersion: audit.k8s.io/v1\nkind: Policy\n"

// Files that are odd on purpose: what is taken, what is dropped, what is refused.
var odd = []string{
	"", "{}", "[]", "rules: []", head, head + "rules: []", head + "rules:", head + "rules: {}",
	head + "rules: [{level: Metadata}]",
	"apiVersion: audit.k8s.io/v1beta1\nkind: Policy\nrules: [{level: Metadata}]",
	"apiVersion: audit.k8s.io/v1\nkind: PolicyList\nrules: [{level: Metadata}]",
	"apiVersion: audit.k8s.io/v1\nrules: [{level: Metadata}]",
	"kind: Policy\nrules: [{level: Metadata}]",
	head + "metadata: {name: x}\nrules: [{level: Metadata}]",
	head + "rules: [{}]", head + "rules: [{level: metadata}]", head + "rules: [{level: null}]",
	head + "rules: [{level: Metadata, verbs: get}]",
	head + "rules: [{level: Metadata, verbs: [1]}]",
	head + "rules: [{level: Metadata, verbs: [true]}]",
	head + "rules: [{level: Metadata, verbs: ['1']}]",
	head + "rules: [{level: Metadata, verbs: [exec]}]",
	head + "rules: [{level: Metadata, verb: [get]}]",
	head + "rules: [{level: Metadata, Verbs: [get]}]",
	head + "rules: [{level: Metadata, resources: [{group: '', resources: [pods], verbs: [get]}]}]",
	head + "rules: [{level: Metadata, resources: [pods]}]",
	head + "rules: [{level: Metadata, resources: {group: ''}}]",
	head + "rules: [{level: Metadata, resources: [{group: '*', resources: [pods]}]}]",
	head + "rules: [{level: Metadata, resources: [{group: Apps, resources: [pods]}]}]",
	head + "rules: [{level: Metadata, resources: [{group: apps/v1, resources: [deployments]}]}]",
	head + "rules: [{level: Metadata, resources: [{group: -x, resources: [pods]}]}]",
	head + "rules: [{level: Metadata, resources: [{group: a..b, resources: [pods]}]}]",
	head + "rules: [{level: Metadata, resources: [{group: a-b.c1, resources: [pods]}]}]",
	head + "rules: [{level: Metadata, resources: [{resourceNames: [x]}]}]",
	head + "rules: [{level: Metadata, resources: [{group: '', resources: [pods], resourceNames: [x]}]}]",
	head + "rules: [{level: Metadata, resources: [{}]}]",
	head + "rules: [{level: Metadata, nonResourceURLs: [healthz]}]",
	head + "rules: [{level: Metadata, nonResourceURLs: ['/a*b']}]",
	head + "rules: [{level: Metadata, nonResourceURLs: ['/a**']}]",
	head + "rules: [{level: Metadata, nonResourceURLs: ['*']}]",
	head + "rules: [{level: Metadata, nonResourceURLs: ['**']}]",
	head + "rules: [{level: Metadata, nonResourceURLs: ['']}]",
	head + "rules: [{level: Metadata, nonResourceURLs: ['/x'], resources: [{group: ''}]}]",
	head + "rules: [{level: Metadata, nonResourceURLs: ['/x'], namespaces: [a]}]",
	head + "rules: [{level: Metadata, namespaces: ['']}]",
	head + "rules: [{level: Metadata, omitStages: [RequestReceived, Panic]}]",
	head + "rules: [{level: Metadata, omitStages: [ResponseFinished]}]",
	head + "rules: [{level: Metadata, omitStages: RequestReceived}]",
	head + "omitStages: [requestReceived]\nrules: [{level: Metadata}]",
	head + "omitManagedFields: yes\nrules: [{level: Metadata}]",
	head + "omitManagedFields: 'true'\nrules: [{level: Metadata}]",
	head + "omitManagedFields: true\nrules: [{level: Metadata, omitManagedFields: false}]",
	head + "level: Metadata\nrules: [{level: Metadata}]",
	head + "rules: [{level: Metadata}]\nrules: [{level: None}]",
	head + "rules: [{level: Metadata, level: None}]",
	head + "rules:\n- level: Metadata\n---\n" + head + "rules:\n- level: None\n",
	head + "rules: [null]", head + "rules: [x]",
	head + "rules: [{level: Metadata, users: []}]", head + "rules: [{level: Metadata, users: null}]",
	"\t" + head, head + "rules: [{level: Metadata",
}

func writePolicies(path string) {
	file, err := os.Create(path)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	out := bufio.NewWriter(file)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	r := rand.New(rand.NewSource(1))
	var requests []request
	for i := 0; i < 40; i++ {
		requests = append(requests, randomRequest(r))
	}
	for _, text := range odd {
		encoder.Encode(judge(text, requests[:4]))
	}
	for i := 0; i < 100; i++ {
		var few []request
		for j := 0; j < 12; j++ {
			few = append(few, randomRequest(r))
		}
		l := judge(randomPolicy(r), few)
		if l.Taken != "yes" && !strings.Contains(l.Policy, "**") {
			fmt.Fprintln(os.Stderr, "not taken:", l.Policy)
		}
		encoder.Encode(l)
	}
}
