package engine_test

type soul struct {
	of, slot string
	made     bool
}
