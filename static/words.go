package static

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// fallback is the language every word exists in.
const fallback = "en"

// rightToLeft are the languages written from right to left.
var rightToLeft = map[string]bool{"ar": true, "fa": true, "he": true, "ur": true}

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

// language picks the file for a language tag as browsers and Genesys Cloud
// write it ("de", "en-US", "pt_BR"); unknown ones are English.
func language(tag string) string {
	tag = strings.ToLower(strings.ReplaceAll(tag, "_", "-"))
	for tag != "" {
		if _, ok := dictionaries()[tag]; ok {
			return tag
		}
		cut := strings.LastIndexByte(tag, '-')
		if cut < 0 {
			break
		}
		tag = tag[:cut]
	}
	return fallback
}
