// Package train fits classification heads on what a model knows already: the model stays
// as it is, its hidden states are the features, and a head is fitted on them in seconds.
//
//	fit, err := train.Classifier(ctx, m, "topic", []train.Example{
//		{Texts: []string{"It will rain."}, Label: "weather"},
//		{Texts: []string{"The soup was cold."}, Label: "food"},
//		…
//	}, train.WithHeldOut(0.2))
//	fmt.Println(fit.Train.Accuracy, fit.HeldOut.Accuracy)
//	err = m.Save(ctx, "with-topic.safetensors")
//
// docs/glossary.md in the repository explains the field's words.
//
// # Heads
//
// [Classifier] fits a head that gives texts labels and [Tagger] one that gives words labels,
// such as entities. The head is in the model at once, for Predict and for package pipeline,
// and Save writes it with the model and the labels. [Head] fits a head on features of any
// kind. An example has one label: heads of which several labels can hold are not fitted.
//
// A head is linear by default. Logistic regression has one best solution and needs no
// luck: equal examples give equal bits, and the only thing to choose is how strongly
// weights are kept small ([WithC]). [WithInner] makes fairseq's head of two layers
// instead, which can tell apart what no linear head can, and wants more examples.
//
// # How good a head is
//
// A [Report] has the accuracy, the mean loss, the confusion matrix and the examples that
// the head is worst at, which are the place to look for wrong labels. What counts is
// accuracy on examples that the head was not fitted on: [WithHeldOut] keeps some back,
// [TestClassifier] and [TestTagger] take others. On its own examples a head of few
// examples is nearly always right.
//
// # Cost
//
// Nearly all time goes into the features, which cost what Predict costs; they are computed
// once, 4096 tokens at a time, and kept: 4·C bytes for each text or token. The fit takes
// a few products of the features with a matrix of C columns.
//
// Fits do not depend on the number of threads, bit for bit. Between architectures the last
// bits may differ, because package math's do.
//
// References: scikit-learn 1.9, linear_model/_logistic.py; Nocedal and Wright, Numerical
// Optimization, 2006, chapter 7; Loshchilov and Hutter, Decoupled Weight Decay
// Regularization, 2019; fairseq, models/roberta/model.py, RobertaClassificationHead; Alain
// and Bengio, Understanding intermediate layers using linear classifier probes, 2017.
package train
