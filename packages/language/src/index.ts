/**
 * Text tasks: tokenises rows with the files of a base model, and scores language models and encoders in a process of
 * their own over the graphs of packages/model-graph. May import contracts, model-graph and onnx; the evaluator calls it.
 */
