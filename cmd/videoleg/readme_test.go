package main

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestReadmeHasEverySetting keeps the table of settings true: every name, and its default.
func TestReadmeHasEverySetting(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	defaults := map[string]string{}
	row := regexp.MustCompile(`(?m)^\| ([A-Z0-9_, ]+) \| .* \| (.*) \|$`)
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		names, values := strings.Split(m[1], ", "), strings.Split(m[2], ", ")
		for i, name := range names {
			defaults[name] = values[min(i, len(values)-1)]
		}
	}
	var known []string
	for field := range reflect.TypeFor[Config]().Fields() {
		name, want := field.Tag.Get("envconfig"), field.Tag.Get("default")
		known = append(known, name)
		got, listed := defaults[name]
		switch {
		case !listed:
			t.Errorf("README.md does not list %s", name)
		case want != "" && got != want, want == "" && got != "none" && got != "required":
			t.Errorf("README.md says the default of %s is %q, it is %q", name, got, want)
		}
	}
	for name := range defaults {
		if !slices.Contains(known, name) {
			t.Errorf("README.md lists %s, which is no setting", name)
		}
	}
}
