package grounds.model.layer;
