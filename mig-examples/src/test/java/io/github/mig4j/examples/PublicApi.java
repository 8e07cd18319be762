package io.github.mig4j.examples;

import com.tngtech.archunit.core.domain.JavaClass;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Proxy;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The public types of the library, and values of them: those that a test gives, and those that
 * constructors, factories and accessors make of them, until no new type is found.
 */
final class PublicApi {

  private static final String ROOT = "io.github.mig4j";

  /** Values of one type that are kept, and calls of one method that are tried. */
  private static final int MAX_VALUES = 12;

  private static final int MAX_CALLS = 400;

  private final Set<Class<?>> types = new LinkedHashSet<>();
  private final Map<Class<?>, List<Object>> values = new LinkedHashMap<>();
  private final List<Object> texts = new ArrayList<>();

  /** What each constructor and method was called with last. */
  private final Map<Executable, List<List<Object>>> called = new HashMap<>();

  /** Types by their full names that are public for Java alone are left out. */
  PublicApi(Collection<String> notApi) {
    ProjectClasses.ALL.stream()
        .filter(type -> !type.getPackageName().matches(".*\\.(examples|internal|text)(\\..*)?"))
        .map(JavaClass::reflect)
        .filter(PublicApi::isPublic)
        .filter(type -> !notApi.contains(outermost(type).getName()))
        .sorted(Comparator.comparing(Class::getName))
        .forEach(types::add);
  }

  private static boolean isPublic(Class<?> type) {
    return Modifier.isPublic(type.getModifiers())
        && (type.getEnclosingClass() == null || isPublic(type.getEnclosingClass()));
  }

  private static Class<?> outermost(Class<?> type) {
    return type.getEnclosingClass() == null ? type : outermost(type.getEnclosingClass());
  }

  Set<Class<?>> types() {
    return types;
  }

  /** All values of public types. */
  Stream<Object> values() {
    return values.values().stream()
        .flatMap(List::stream)
        .filter(value -> types.stream().anyMatch(type -> type.isInstance(value)));
  }

  boolean hasValue(Class<?> type) {
    return !of(type).isEmpty();
  }

  /** Adds a text for methods that read one; other methods are given short strings only. */
  void addText(String text) {
    texts.add(text);
  }

  /** Adds a value, and what an optional or a collection contains. */
  void add(Object value) {
    if (value instanceof Optional<?> optional) {
      optional.ifPresent(this::add);
    } else if (value instanceof Collection<?> collection) {
      collection.stream().limit(MAX_VALUES).forEach(this::add);
    } else if (value instanceof Map<?, ?> map) {
      add(map.keySet());
      add(map.values());
    } else if (value != null) {
      List<Object> known = values.computeIfAbsent(value.getClass(), any -> new ArrayList<>());
      if (known.size() < MAX_VALUES && known.stream().noneMatch(other -> other == value)) {
        known.add(value);
      }
    }
  }

  private static boolean isOwn(Class<?> type) {
    return type.getName().startsWith(ROOT);
  }

  /** Calls everything that needs no cluster and waits for nothing, until nothing new is found. */
  void explore() {
    types.stream().filter(Class::isEnum).forEach(type -> add(List.of(type.getEnumConstants())));
    for (int known = -1; known < values.values().stream().mapToInt(List::size).sum(); ) {
      known = values.values().stream().mapToInt(List::size).sum();
      for (Class<?> type : types) {
        constants(type);
        for (Executable executable : executables(type)) {
          boolean opens =
              executable instanceof Constructor && AutoCloseable.class.isAssignableFrom(type);
          boolean waits = executable.getName().startsWith("await");
          if (!opens && !waits && (isStatic(executable) || !hasCluster(type))) {
            newCalls(executable).limit(MAX_CALLS).forEach(call -> {
              try {
                Object made = call.invoke();
                if (!(made instanceof String)) {
                  add(made);
                }
              } catch (InvocationTargetException refused) {
                // These arguments make no value.
              }
            });
          }
        }
      }
    }
  }

  private void constants(Class<?> type) {
    for (Field field : type.getDeclaredFields()) {
      if (Modifier.isStatic(field.getModifiers())
          && Modifier.isPublic(field.getModifiers())
          && isOwn(field.getType())) {
        try {
          add(field.get(null));
        } catch (IllegalAccessException e) {
          throw new IllegalStateException(field.toString(), e);
        }
      }
    }
  }

  private static boolean hasCluster(Class<?> type) {
    return Stream.of(type.getDeclaredFields())
        .anyMatch(field -> !Modifier.isStatic(field.getModifiers())
            && field.getType().getSimpleName().matches("Cluster|KubernetesClient|Client|Subject"));
  }

  private static boolean isStatic(Executable executable) {
    return executable instanceof Constructor || Modifier.isStatic(executable.getModifiers());
  }

  /** Public constructors and methods that the type itself declares, in a fixed order. */
  static List<Executable> executables(Class<?> type) {
    return Stream.concat(
            Stream.of(type.getDeclaredConstructors()), Stream.of(type.getDeclaredMethods()))
        .filter(executable -> Modifier.isPublic(executable.getModifiers()))
        .filter(executable -> !executable.isSynthetic())
        .filter(executable -> !executable
            .getName()
            .matches("equals|hashCode|valueOf|close|newInstance|notify.*|wait"))
        .filter(executable -> !type.isEnum() || !executable.getName().equals("values"))
        .filter(executable -> Stream.of(executable.getParameterTypes())
            .noneMatch(parameter ->
                parameter.getName().matches(".*\\.mig4j\\.(k8s\\.internal|text)\\..*")))
        .sorted(Comparator.comparing(Executable::toString))
        .toList();
  }

  /** A constructor or method with all that it takes. */
  record Call(Executable executable, Object receiver, List<Object> arguments) {

    Object invoke() throws InvocationTargetException {
      return with(-1);
    }

    /** Invokes it with null in one place. */
    Object with(int nullAt) throws InvocationTargetException {
      Object[] given = arguments.toArray();
      if (nullAt >= 0) {
        given[nullAt] = null;
      }
      try {
        return executable instanceof Method method
            ? method.invoke(receiver, given)
            : ((Constructor<?>) executable).newInstance(given);
      } catch (IllegalAccessException | InstantiationException e) {
        throw new IllegalStateException(executable.toString(), e);
      }
    }
  }

  /** The calls with every combination of known values, unless all of them are known from the last time. */
  private Stream<Call> newCalls(Executable executable) {
    List<List<Object>> known = known(executable);
    return known.equals(called.put(executable, known)) ? Stream.of() : calls(executable);
  }

  /** The known receivers, and then the known values of each parameter. */
  private List<List<Object>> known(Executable executable) {
    List<List<Object>> known = new ArrayList<>();
    known.add(isStatic(executable) ? List.of("") : of(executable.getDeclaringClass()));
    for (Parameter parameter : executable.getParameters()) {
      List<Object> candidates = new ArrayList<>(candidates(parameter.getParameterizedType()));
      if (parameter.getType() == String.class
          && executable.getName().matches("parse|read|readAll")) {
        candidates.addAll(texts);
      }
      known.add(candidates);
    }
    return known;
  }

  /** Calls with every combination of known values. */
  Stream<Call> calls(Executable executable) {
    List<List<Object>> known = known(executable);
    List<Object> receivers = known.get(0);
    List<List<Object>> arguments = List.of(List.of());
    for (List<Object> candidates : known.subList(1, known.size())) {
      List<List<Object>> longer = new ArrayList<>();
      for (List<Object> begun : arguments) {
        for (Object candidate : candidates) {
          if (longer.size() < MAX_CALLS) {
            List<Object> more = new ArrayList<>(begun);
            more.add(candidate);
            longer.add(more);
          }
        }
      }
      arguments = longer;
    }
    List<List<Object>> all = arguments;
    return receivers.stream()
        .flatMap(receiver -> all.stream().map(given -> new Call(executable, receiver, given)));
  }

  private List<Object> of(Class<?> type) {
    return values.entrySet().stream()
        .filter(entry -> type.isAssignableFrom(entry.getKey()))
        .flatMap(entry -> entry.getValue().stream())
        .limit(MAX_VALUES)
        .toList();
  }

  private List<Object> candidates(Type type) {
    Class<?> raw = raw(type);
    if (raw == int.class) {
      return List.of(1, 0, 3);
    } else if (raw == long.class) {
      return List.of(1L, 0L);
    } else if (raw == double.class) {
      return List.of(1.0);
    } else if (raw == boolean.class) {
      return List.of(true, false);
    } else if (raw == Optional.class) {
      return Stream.concat(
              candidates(argument(type, 0)).stream().limit(1).<Object>map(Optional::of),
              Stream.of(Optional.empty()))
          .toList();
    } else if (raw == OptionalInt.class) {
      return List.of(OptionalInt.of(1), OptionalInt.empty());
    } else if (raw == OptionalLong.class) {
      return List.of(OptionalLong.empty());
    } else if (raw == Class.class) {
      return List.of(Object.class);
    } else if (raw == Duration.class) {
      return List.of(Duration.ofSeconds(1));
    } else if (raw == Instant.class) {
      return List.of(Instant.EPOCH);
    } else if (raw.isArray() && of(raw).isEmpty()) {
      return candidates(raw.getComponentType()).stream()
          .map(one -> array(raw, one))
          .toList();
    } else if (raw.isAssignableFrom(List.class) && Collection.class.isAssignableFrom(raw)) {
      return Stream.concat(
              candidates(argument(type, 0)).stream().limit(4).<Object>map(List::of),
              Stream.of(List.of()))
          .toList();
    } else if (Map.class.isAssignableFrom(raw)) {
      return maps(type);
    } else if (raw.isInterface() && !isOwn(raw) && of(raw).isEmpty()) {
      return List.of(function(raw));
    }
    return of(raw);
  }

  private List<Object> maps(Type type) {
    List<Object> maps = new ArrayList<>();
    for (Object key : candidates(argument(type, 0)).stream().limit(3).toList()) {
      for (Object value : candidates(argument(type, 1)).stream().limit(1).toList()) {
        maps.add(
            key instanceof Comparable ? new TreeMap<>(Map.of(key, value)) : Map.of(key, value));
      }
    }
    maps.add(new TreeMap<>());
    return maps;
  }

  private static Object array(Class<?> raw, Object one) {
    Object array = Array.newInstance(raw.getComponentType(), 1);
    Array.set(array, 0, one);
    return array;
  }

  private static Object function(Class<?> type) {
    return Proxy.newProxyInstance(
        type.getClassLoader(),
        new Class<?>[] {type},
        (proxy, method, arguments) -> method.getReturnType() == boolean.class ? true : null);
  }

  private static Type argument(Type type, int index) {
    Type argument = type instanceof ParameterizedType generic
        ? generic.getActualTypeArguments()[index]
        : String.class;
    return argument instanceof WildcardType wildcard ? wildcard.getUpperBounds()[0] : argument;
  }

  private static Class<?> raw(Type type) {
    if (type instanceof Class<?> plain) {
      return plain;
    }
    return type instanceof ParameterizedType generic
        ? (Class<?>) generic.getRawType()
        : Object.class;
  }

  static boolean isNullable(AnnotatedElement type) {
    return Stream.of(type.getAnnotations())
        .anyMatch(annotation -> annotation.annotationType().getSimpleName().equals("Nullable"));
  }
}
