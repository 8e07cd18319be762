package io.github.mig4j.k8s.change;

import io.github.mig4j.k8s.check.SharingGoal;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.immutables.value.Value;

/** What a {@link SharingRequest} was told. The generated class is seen, for its withers. */
@Value.Immutable
@Value.Style(
    visibility = Value.Style.ImplementationVisibility.PACKAGE,
    jdkOnly = true,
    allowedClasspathAnnotations = Override.class)
public interface SharingOptions {

  /** What a change of MPS may do to the pods that use the node's GPUs. */
  enum Busy {
    /** Nothing: it is refused while there are any. */
    REFUSED,
    /** Whatever it does. */
    ALLOWED
  }

  SharingGoal goal();

  /** The map that the operator is to be pointed at; empty to leave that as it is. */
  Optional<String> map();

  @Value.Default
  default Duration stability() {
    return Duration.ofSeconds(5);
  }

  @Value.Default
  default Busy busy() {
    return Busy.REFUSED;
  }

  @Value.Default
  default Consumer<ApplyEvent> listener() {
    return event -> {};
  }
}
