// Package train fits classification heads on a model's frozen features.
package train
