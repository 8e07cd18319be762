package io.github.mig4j.fleet;

import java.lang.reflect.Method;

/**
 * Counts the bytes that the current thread allocates. Uses reflection, because the module under test
 * does not read the module with the counter.
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

  long now() throws ReflectiveOperationException {
    return (long) counter.invoke(threads, Thread.currentThread().getId());
  }
}
