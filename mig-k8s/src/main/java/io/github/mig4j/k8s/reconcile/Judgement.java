package io.github.mig4j.k8s.reconcile;

import java.time.Duration;
import java.util.Optional;

/** What is to be done with a node: nothing, with its standing, or a step towards what it is to be. */
sealed interface Judgement {

  /** Nothing is done. */
  record Rest(NodeStanding standing, Optional<Duration> lookAgainAfter) implements Judgement {}

  /** A step is taken, which continues a change or begins one. */
  record Act(DesiredState desired, NodeStanding.Drift drift, String detail) implements Judgement {}
}
