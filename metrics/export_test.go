package metrics

// NormalAnswer is for tests.
var NormalAnswer = normalAnswer
