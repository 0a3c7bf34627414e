package static

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"strings"
	"sync"
)

// dictionary holds one language's words by key; every language has them all.
type dictionary map[string]string

// dictionaries joins the parts of each language: templates may say any word, a page's modules those
// of their own parts.
var dictionaries = sync.OnceValue(func() map[string]dictionary {
	all := map[string]dictionary{}
	for tag, parts := range vocabularies() {
		all[tag] = dictionary{}
		for _, d := range parts {
			maps.Copy(all[tag], d)
		}
	}
	return all
})

// vocabularies reads lang/TAG/PART.js: ES modules whose default export is plain JSON, so that
// templates and modules share them.
func vocabularies() map[string]map[string]dictionary {
	all := map[string]map[string]dictionary{}
	for name, f := range loaded().files {
		file, ok := strings.CutPrefix(name, "lang/")
		if !ok {
			continue
		}
		d, err := parseWords(string(f.plain))
		if err != nil {
			panic(fmt.Sprintf("static: %s: %v", name, err))
		}
		tag, part := path.Split(strings.TrimSuffix(file, ".js"))
		tag = strings.TrimSuffix(tag, "/")
		if all[tag] == nil {
			all[tag] = map[string]dictionary{}
		}
		all[tag][part] = d
	}
	return all
}

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
