package io.github.mig4j.k8s.scenario;

import java.io.IOException;

/** Something that ends when its socket is closed. */
interface Traffic {

  void flow() throws IOException;

  static void start(String thread, Traffic traffic) {
    Thread flowing = new Thread(
        () -> {
          try {
            traffic.flow();
          } catch (IOException closed) {
            // By one side, by a fault, or at the end.
          }
        },
        thread);
    flowing.setDaemon(true);
    flowing.start();
  }
}
