package io.github.mig4j.fleet;

import java.lang.reflect.Method;

/**
 * What a thread has allocated. Uses reflection, because the module under test does not read the module
 * with the counter.
 */
final class AllocatedBytes {

  private final Object threads;
  private final Method counter;

  AllocatedBytes() throws ReflectiveOperationException {
    threads = Class.forName("java.lang.management.ManagementFactory")
        .getMethod("getThreadMXBean")
        .invoke(null);
    counter = Class.forName("com.sun.management.ThreadMXBean")
        .getMethod("getThreadAllocatedBytes", long.class);
  }

  /** The bytes that this thread has allocated so far. */
  long now() throws ReflectiveOperationException {
    return (long) counter.invoke(threads, Thread.currentThread().getId());
  }
}
