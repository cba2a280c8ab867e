// One filter over an audit log: how many events are watches of secrets that were answered with 200. By encoding/json
// into a struct, or by fastjson (what Falco's k8saudit plugin reads with), which only parses and looks three fields up.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/valyala/fastjson"
)

type event struct {
	Verb      string `json:"verb"`
	ObjectRef *struct {
		Resource string `json:"resource"`
	} `json:"objectRef"`
	ResponseStatus *struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
}

func byStruct(line []byte) (bool, error) {
	var e event
	if err := json.Unmarshal(line, &e); err != nil {
		return false, err
	}
	return e.Verb == "watch" && e.ObjectRef != nil && e.ObjectRef.Resource == "secrets" &&
		e.ResponseStatus != nil && e.ResponseStatus.Code == 200, nil
}

var parser fastjson.Parser

func byFastjson(line []byte) (bool, error) {
	v, err := parser.ParseBytes(line)
	if err != nil {
		return false, err
	}
	return string(v.GetStringBytes("verb")) == "watch" && string(v.GetStringBytes("objectRef", "resource")) == "secrets" &&
		v.GetInt("responseStatus", "code") == 200, nil
}

func main() {
	matches := map[string]func([]byte) (bool, error){"encoding/json": byStruct, "fastjson": byFastjson}[os.Args[1]]
	file, err := os.Open(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 1<<20), 1<<26)
	count := 0
	for lines.Scan() {
		hit, err := matches(lines.Bytes())
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if hit {
			count++
		}
	}
	fmt.Println(count)
}
