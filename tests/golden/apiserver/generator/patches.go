// What the API server's JSON Patch library makes of patches: (document, patch, result), a null result where it refuses.
// Values that a patch brings are markers ("m1", "m2", ...) that no document holds, so that a reader of the patch alone
// can be asked for each of them. Random ones from a fixed seed, and pointers that are odd on purpose.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
)

type patchLine struct {
	Document json.RawMessage `json:"document"`
	Patch    json.RawMessage `json:"patch"`
	Result   json.RawMessage `json:"result"`
}

var documents = []string{
	`{"spec":{"containers":[{"name":"a","env":[{"name":"x"}]},{"name":"b"}],"volumes":[]},"metadata":{"labels":{"a/b":"1","a~b":"2","":"3"}}}`,
	`{"spec":{"containers":[{"name":"a","env":[{"name":"x"}]},{"name":"b"}],"volumes":[]},"metadata":{"labels":{"a/b":"1","a~b":"2","":"3"}}}`,
	`{"c":[[1,2],[3]],"o":{"0":{"k":1},"-":{"k":2},"-1":{"k":3},"01":{"k":4}},"n":null,"s":"t"}`,
	`{"items":[{"list":[{}]},{},{}],"a":{"b":{"c":{"d":{}}}}}`,
}

var pointers = [][]string{
	{"", "/spec", "/spec/containers", "/spec/containers/0", "/spec/containers/1", "/spec/containers/2", "/spec/containers/3",
		"/spec/containers/-", "/spec/containers/-1", "/spec/containers/-2", "/spec/containers/-3", "/spec/containers/01",
		"/spec/containers/+1", "/spec/containers/00", "/spec/containers/-0", "/spec/containers/1e0", "/spec/containers/0x1",
		"/spec/containers/ 1", "/spec/containers/0/name", "/spec/containers/1/image", "/spec/containers/-1/image",
		"/spec/containers/-/image", "/spec/containers/0/env/-", "/spec/containers/0/env/0/value", "/spec/volumes/-",
		"/spec/volumes/0", "/spec/volumes/0/hostPath", "/metadata/labels/a~1b", "/metadata/labels/a~0b", "/metadata/labels/",
		"/metadata/labels/a~b", "/metadata/labels/a~2b", "/metadata/labels/~01", "/metadata/labels/~0~1", "/missing/x",
		"/spec/missing/x", "spec/hostPID", "x/spec/hostPID", "/spec/hostPID", "/spec/containers/0/", "/spec//x", "//x"},
	{"/spec/containers/0", "/spec/containers/1", "/spec/containers/-", "/spec/containers/0/k", "/spec/containers/1/k",
		"/spec/containers/2/k", "/spec/containers/0/l", "/spec/containers/1/l", "/spec/containers/2/l", "/spec/containers/-1/k",
		"/spec/containers/-1/l", "/spec/volumes", "/spec/volumes/-", "/spec/volumes/0", "/spec/volumes/0/k", "/spec/volumes/1/l"},
	{"/c/0", "/c/-", "/c/0/0", "/c/1/-", "/c/-1/0", "/c/0/-1", "/o/0", "/o/0/k", "/o/-", "/o/-/k", "/o/-1/k", "/o/01/k",
		"/o/1/k", "/n", "/n/x", "/s", "/s/x", "/new", "/c/2", "/c/2/0", "/c/00/0"},
	{"/items/0", "/items/1", "/items/-", "/items/3", "/items/0/list/-", "/items/0/list/0/x", "/items/0/list/1/x", "/items/2/y",
		"/items/-1/y", "/items/02/y", "/a/b", "/a/b/c", "/a/b/c/d/e", "/a/x", "/a/x/y", "/items"},
}

type markers struct{ next int }

func (m *markers) scalar() string {
	m.next++
	return fmt.Sprintf(`"m%d"`, m.next)
}

func (m *markers) value(r *rand.Rand) string {
	switch r.Intn(6) {
	case 0:
		return `{"k":` + m.scalar() + `,"l":[{"z":` + m.scalar() + `}]}`
	case 1:
		return `[` + m.scalar() + `,{"q":` + m.scalar() + `}]`
	case 2:
		return `{}`
	case 3:
		return `null`
	default:
		return m.scalar()
	}
}

func randomPatch(r *rand.Rand, pool []string) string {
	m := &markers{}
	var operations []string
	for i := 1 + r.Intn(5); i > 0; i-- {
		path := pool[r.Intn(len(pool))]
		from := pool[r.Intn(len(pool))]
		switch r.Intn(10) {
		case 0:
			operations = append(operations, fmt.Sprintf(`{"op":"remove","path":%q}`, path))
		case 1:
			operations = append(operations, fmt.Sprintf(`{"op":"copy","from":%q,"path":%q}`, from, path))
		case 2:
			operations = append(operations, fmt.Sprintf(`{"op":"move","from":%q,"path":%q}`, from, path))
		case 3, 4:
			operations = append(operations, fmt.Sprintf(`{"op":"replace","path":%q,"value":%s}`, path, m.value(r)))
		default:
			operations = append(operations, fmt.Sprintf(`{"op":"add","path":%q,"value":%s}`, path, m.value(r)))
		}
	}
	return "[" + strings.Join(operations, ",") + "]"
}

// Odd ones, each for the first document.
var oddPatches = []string{
	`[]`, `{}`, `null`, `[null]`, `[{}]`, `[1]`, `[[]]`,
	`[{"op":"add","path":"/spec/a","value":"m1","value":"m2"}]`,
	`[{"op":"add","path":"/spec/a","path":"/spec/b","value":"m1"}]`,
	`[{"op":"remove","op":"add","path":"/spec/a","value":"m1"}]`,
	`[{"op":"add","op":"test","path":"/spec/a","value":"m1"}]`,
	`[{"OP":"add","path":"/spec/a","value":"m1"}]`,
	`[{"op":"Add","path":"/spec/a","value":"m1"}]`,
	`[{"op":"add","Path":"/spec/a","value":"m1"}]`,
	`[{"op":"add","path":"/spec/a"}]`,
	`[{"op":"add","path":"/spec/a","value":null}]`,
	`[{"op":"add","path":null,"value":"m1"}]`,
	`[{"op":"add","path":1,"value":"m1"}]`,
	`[{"op":"add","value":"m1"}]`,
	`[{"op":"add","path":["/spec/a"],"value":"m1"}]`,
	`[{"op":"add","path":"/spec/a","value":"m1","from":"/spec/b","extra":1}]`,
	`[{"op":"test","path":"/spec/containers/0/name","value":"a"},{"op":"add","path":"/spec/a","value":"m1"}]`,
	`[{"op":"test","path":"/spec/containers/0/name","value":"b"},{"op":"add","path":"/spec/a","value":"m1"}]`,
	`[{"op":"test","path":"/spec/none","value":null},{"op":"add","path":"/spec/a","value":"m1"}]`,
	`[{"op":"add","path":"/spec/a","value":"m1"},{"op":"copy","from":"/spec/a","path":"/spec/b"}]`,
	`[{"op":"add","path":"/spec/a","value":{"k":"m1"}},{"op":"move","from":"/spec/a","path":"/spec/b"}]`,
	`[{"op":"add","path":"/spec/a","value":{"k":"m1"}},{"op":"copy","from":"/spec/a","path":"/spec/a/b"}]`,
	`[{"op":"add","path":"/spec/a","value":{"k":"m1"}},{"op":"move","from":"/spec/a","path":"/spec/a/b"}]`,
	`[{"op":"copy","from":"/spec","path":"/metadata/spec"}]`,
	`[{"op":"copy","from":"","path":"/metadata/all"}]`,
	`[{"op":"move","from":"/spec/containers/0","path":"/spec/containers/1"}]`,
	`[{"op":"add","path":"/spec/containers/-","value":{"k":"m1"}},{"op":"copy","from":"/spec/containers/-","path":"/spec/a"}]`,
	`[{"op":"add","path":"/spec/containers/-","value":{"k":"m1"}},{"op":"copy","from":"/spec/containers/2","path":"/spec/a"}]`,
	`[{"op":"add","path":"/spec/containers/-","value":{"k":"m1"}},{"op":"add","path":"/spec/containers/2/l","value":"m2"}]`,
	`[{"op":"add","path":"/spec/containers/-","value":{"k":"m1"}},{"op":"add","path":"/spec/containers/-1/l","value":"m2"}]`,
	`[{"op":"add","path":"/spec/containers/0","value":{"k":"m1"}},{"op":"copy","from":"/spec/containers/1","path":"/spec/a"}]`,
	`[{"op":"add","path":"/spec/containers/0","value":{"k":"m1"}},{"op":"add","path":"/spec/containers/0","value":{"k":"m2"}},{"op":"copy","from":"/spec/containers/1","path":"/spec/a"}]`,
	`[{"op":"add","path":"/spec/containers/0","value":{"k":"m1"}},{"op":"remove","path":"/spec/containers/1"},{"op":"add","path":"/spec/containers/1/l","value":"m2"}]`,
	// One element under two names: an appended one, indexes that an insertion or a removal has moved, from the end.
	`[{"op":"add","path":"/spec/containers/0/k","value":"m1"},{"op":"add","path":"/spec/containers/0","value":{}},{"op":"add","path":"/spec/containers/1/l","value":"m2"}]`,
	`[{"op":"add","path":"/spec/containers/1/k","value":"m1"},{"op":"remove","path":"/spec/containers/0"},{"op":"add","path":"/spec/containers/0/l","value":"m2"}]`,
	`[{"op":"add","path":"/spec/containers/1/k","value":"m1"},{"op":"move","from":"/spec/containers/0","path":"/spec/gone"},{"op":"add","path":"/spec/containers/0/l","value":"m2"}]`,
	`[{"op":"add","path":"/spec/containers/1/k","value":"m1"},{"op":"copy","from":"/spec/volumes","path":"/spec/containers/0"},{"op":"add","path":"/spec/containers/2/l","value":"m2"}]`,
	`[{"op":"add","path":"/spec/containers/-1/k","value":"m1"},{"op":"add","path":"/spec/containers/1/l","value":"m2"}]`,
	`[{"op":"add","path":"/spec/containers/1/k","value":"m1"},{"op":"add","path":"/spec/containers/-1/l","value":"m2"}]`,
	`[{"op":"replace","path":"/spec/containers/-1","value":{"k":"m1"}},{"op":"add","path":"/spec/containers/1/l","value":"m2"}]`,
	`[{"op":"add","path":"/spec/containers/0","value":{"k":"m1"}},{"op":"add","path":"/spec/containers/0","value":{"k":"m3"}},{"op":"add","path":"/spec/containers/1/l","value":"m2"}]`,
	`[{"op":"add","path":"/spec/containers/0","value":{"k":"m1"}},{"op":"add","path":"/spec/containers/0","value":{"k":"m3"}},{"op":"add","path":"/spec/containers/0/l","value":"m2"}]`,
	`[{"op":"add","path":"/spec/containers/1","value":{"k":"m1"}},{"op":"add","path":"/spec/containers/0","value":{"k":"m2"}},{"op":"copy","from":"/spec/containers/2","path":"/spec/a"}]`,
	`[{"op":"add","path":"/spec/volumes","value":[{"k":"m1"}]},{"op":"add","path":"/spec/volumes/0","value":{}},{"op":"add","path":"/spec/volumes/1/l","value":"m2"}]`,
	`[{"op":"add","path":"/spec/volumes","value":[{"k":"m1"},{"k":"m3"}]},{"op":"remove","path":"/spec/volumes/0"},{"op":"add","path":"/spec/volumes/0/l","value":"m2"}]`,
	`[{"op":"add","path":"/spec/volumes","value":[{"k":"m1"}]},{"op":"add","path":"/spec/volumes/-1/l","value":"m2"}]`,
	`[{"op":"add","path":"/spec/volumes","value":[{"k":"m1"}]},{"op":"add","path":"/spec/volumes/-","value":{"k":"m2"}},{"op":"add","path":"/spec/volumes/1/l","value":"m3"}]`,
	`[{"op":"add","path":"/spec/x","value":{"v":[{"k":"m1"}]}},{"op":"add","path":"/spec/x/v/-","value":{"k":"m2"}},{"op":"add","path":"/spec/x/v/1/l","value":"m3"}]`,
	`[{"op":"add","path":"/spec/containers/-","value":{"env":[]}},{"op":"add","path":"/spec/volumes/-","value":{"k":"m1"}},{"op":"add","path":"/spec/containers/0/l","value":"m2"}]`,
	`[{"op":"add","path":"/spec/volumes/-","value":{"k":"m1"}},{"op":"add","path":"/spec/containers/0/l","value":"m2"},{"op":"add","path":"/spec/containers/0/n","value":"m3"}]`,
	`[{"op":"add","path":"/spec/containers/0/env/0/k","value":"m1"},{"op":"add","path":"/spec/containers/0","value":{"env":[{}]}},{"op":"add","path":"/spec/containers/1/env/0/l","value":"m2"}]`,
	`[{"op":"replace","path":"","value":{"a":"m1"}}]`,
	`[{"op":"add","path":"","value":{"a":"m1"}}]`,
	`[{"op":"add","path":"/","value":"m1"}]`,
	`[{"op":"add","path":"/spec/a\u002fb","value":"m1"}]`,
	`[{"op":"add","path":"\/spec\/a","value":"m1"}]`,
	`[{"\u006fp":"add","path":"/spec/a","value":"m1"}]`,
	`[{"op":"a\u0064d","path":"/spec/a","value":"m1"}]`,
}

func apply(document, patch string) patchLine {
	line := patchLine{Document: json.RawMessage(document), Patch: json.RawMessage(patch)}
	decoded, err := jsonpatch.DecodePatch([]byte(patch))
	if err != nil {
		return line
	}
	result, err := decoded.Apply([]byte(document))
	if err == nil {
		line.Result = json.RawMessage(result)
	}
	return line
}

func writePatches(path string) {
	file, err := os.Create(path)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	out := bufio.NewWriter(file)
	defer out.Flush()
	write := func(l patchLine) {
		// Not through the encoder: it would take the escapes out of the patch.
		result := string(l.Result)
		if l.Result == nil {
			result = "null"
		}
		fmt.Fprintf(out, "{\"document\":%s,\"patch\":%s,\"result\":%s}\n", l.Document, l.Patch, result)
	}
	for _, patch := range oddPatches {
		write(apply(documents[0], patch))
	}
	r := rand.New(rand.NewSource(2))
	for which, pool := range pointers {
		for _, pointer := range pool {
			for _, operation := range []string{"add", "replace"} {
				write(apply(documents[which], fmt.Sprintf(`[{"op":%q,"path":%q,"value":{"k":"m1"}}]`, operation, pointer)))
			}
		}
		for taken, refused := 0, 0; taken < 120; {
			l := apply(documents[which], randomPatch(r, pool))
			if l.Result != nil {
				taken++
			} else if refused++; refused > 10 {
				continue
			}
			write(l)
		}
	}
}
