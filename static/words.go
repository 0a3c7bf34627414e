package static

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// dictionary holds one language's words by key; every language has them all.
type dictionary map[string]string

// dictionaries reads lang/*.js: an ES module whose default export is plain
// JSON, so that templates and modules share one file.
var dictionaries = sync.OnceValue(func() map[string]dictionary {
	all := map[string]dictionary{}
	for name, f := range loaded().files {
		tag, ok := strings.CutPrefix(name, "lang/")
		if !ok {
			continue
		}
		d, err := parseWords(string(f.plain))
		if err != nil {
			panic(fmt.Sprintf("static: %s: %v", name, err))
		}
		all[strings.TrimSuffix(tag, ".js")] = d
	}
	return all
})

func parseWords(module string) (dictionary, error) {
	_, body, ok := strings.Cut(module, "export default ")
	if !ok {
		return nil, fmt.Errorf("no default export")
	}
	d := dictionary{}
	err := json.Unmarshal([]byte(strings.TrimSuffix(strings.TrimSpace(body), ";")), &d)
	return d, err
}

// Word is what a key says in a language of ours: one that Language has returned. Keys that there are
// no words for say nothing.
func Word(lang, key string) string { return dictionaries()[lang][key] }
