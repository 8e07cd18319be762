package io.github.mig4j.examples;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.source.tree.BlockTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.ConditionalExpressionTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.LambdaExpressionTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MemberReferenceTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ReturnTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import io.github.mig4j.JsonForm;
import io.github.mig4j.JsonName;
import io.github.mig4j.examples.JsonKind.Constants;
import io.github.mig4j.examples.JsonKind.Field;
import io.github.mig4j.examples.JsonKind.Fields;
import io.github.mig4j.examples.JsonKind.ListOf;
import io.github.mig4j.examples.JsonKind.MapOf;
import io.github.mig4j.examples.JsonKind.OneOf;
import io.github.mig4j.examples.JsonKind.Plain;
import io.github.mig4j.examples.JsonKind.Reference;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.lang.model.type.DeclaredType;
import javax.lang.model.type.TypeKind;
import javax.lang.model.type.TypeMirror;
import javax.lang.model.util.ElementFilter;
import javax.lang.model.util.Elements;
import javax.lang.model.util.Types;
import javax.tools.ToolProvider;

/**
 * The form of each public type in JSON, read from the source: which fields its method for JSON
 * writes, and of which declared type each one is. As a table of the documentation and as a JSON Schema.
 */
final class JsonForms {

  private static final List<Path> SOURCES =
      List.of(Path.of("../mig-model/src/main/java"), Path.of("../mig-k8s/src/main/java"));

  private final Trees trees;
  private final Types types;
  private final Elements elements;
  private final Map<ExecutableElement, TreePath> methods = new HashMap<>();
  private final SortedMap<String, TypeElement> rows = new TreeMap<>();
  private final SortedMap<String, JsonKind> forms = new TreeMap<>();

  /** The type whose form is read; a method that it calls may be its own. */
  private TypeElement self;

  private JsonForms(JavacTask task, Collection<Class<?>> publicTypes) throws IOException {
    trees = Trees.instance(task);
    types = task.getTypes();
    elements = task.getElements();
    Iterable<? extends CompilationUnitTree> units = task.parse();
    task.analyze();
    for (CompilationUnitTree unit : units) {
      new TreePathScanner<Void, Void>() {
        @Override
        public Void visitMethod(MethodTree method, Void none) {
          methods.put((ExecutableElement) trees.getElement(getCurrentPath()), getCurrentPath());
          return super.visitMethod(method, none);
        }
      }.scan(unit, null);
    }
    for (Class<?> type : publicTypes) {
      TypeElement element = elements.getTypeElement(type.getCanonicalName());
      if (type != JsonForm.class
          && type != JsonName.class
          && jsonMethod(element).isPresent()) {
        rows.put(name(type), element);
      }
    }
    rows.forEach((name, type) -> forms.put(name, form(type)));
  }

  /** The forms of those public types that have one. */
  static JsonForms of(Collection<Class<?>> publicTypes) throws IOException {
    List<Path> sources = new ArrayList<>();
    for (Path root : SOURCES) {
      try (Stream<Path> files = Files.walk(root)) {
        files
            .filter(file -> file.toString().endsWith(".java"))
            .filter(JsonForms::writesJson)
            .forEach(sources::add);
      }
    }
    var javac = ToolProvider.getSystemJavaCompiler();
    try (var files = javac.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
      return new JsonForms(
          (JavacTask) javac.getTask(
              null,
              files,
              problem -> {},
              List.of("-proc:none", "-classpath", System.getProperty("java.class.path")),
              null,
              files.getJavaFileObjectsFromPaths(sources)),
          publicTypes);
    }
  }

  private static boolean writesJson(Path file) {
    try {
      String text = Files.readString(file);
      return Stream.of("JsonFields", "JsonName", "toJson").anyMatch(text::contains);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The form of each row. */
  SortedMap<String, JsonKind> forms() {
    return forms;
  }

  /** What Jackson writes for a value in place of its fields; empty if nothing is said. */
  static Optional<Object> valueOf(Object value) {
    return annotated(value.getClass()).map(method -> invoke(method, value));
  }

  private static Optional<Method> annotated(Class<?> type) {
    List<Class<?>> ancestors = new ArrayList<>();
    for (Class<?> each = type; each != null; each = each.getSuperclass()) {
      ancestors.add(each);
      addInterfaces(each, ancestors);
    }
    return ancestors.stream()
        .flatMap(each -> Arrays.stream(each.getDeclaredMethods()))
        .filter(method -> method.isAnnotationPresent(JsonValue.class))
        .findFirst();
  }

  private static void addInterfaces(Class<?> type, List<Class<?>> to) {
    for (Class<?> each : type.getInterfaces()) {
      to.add(each);
      addInterfaces(each, to);
    }
  }

  private static Object invoke(Method method, Object value) {
    try {
      AccessibleObject.setAccessible(new AccessibleObject[] {method}, true);
      return method.invoke(value);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(method + " of " + value.getClass(), e);
    }
  }

  /** A type by its simple name, a nested one behind the type that it belongs to. */
  static String name(Class<?> type) {
    Class<?> named = type;
    if (Enum.class.isAssignableFrom(type) && !type.isEnum()) {
      named = type.getSuperclass();
    } else if (type.getSimpleName().startsWith("Immutable")) {
      named = type.getSuperclass() == Object.class ? type.getInterfaces()[0] : type.getSuperclass();
    }
    String name = named.getName();
    return name.substring(name.lastIndexOf('.') + 1).replace('$', '.');
  }

  private static String name(TypeElement type) {
    return type.getEnclosingElement() instanceof TypeElement outer
        ? name(outer) + "." + type.getSimpleName()
        : type.getSimpleName().toString();
  }

  /** The method that a mapper calls, as this type has it. */
  private Optional<ExecutableElement> jsonMethod(TypeElement type) {
    Set<String> names = ancestors(type).stream()
        .flatMap(each -> ElementFilter.methodsIn(each.getEnclosedElements()).stream())
        .filter(method -> method.getAnnotation(JsonValue.class) != null)
        .map(method -> method.getSimpleName().toString())
        .collect(Collectors.toSet());
    List<ExecutableElement> found = ElementFilter.methodsIn(elements.getAllMembers(type)).stream()
        .filter(method -> method.getParameters().isEmpty())
        .filter(method -> names.contains(method.getSimpleName().toString()))
        .toList();
    return found.stream()
        .filter(method -> !method.getModifiers().contains(Modifier.ABSTRACT))
        .findFirst()
        .or(() -> found.stream().findFirst());
  }

  private Set<TypeElement> ancestors(TypeElement type) {
    Set<TypeElement> all = new LinkedHashSet<>(List.of(type));
    for (TypeMirror parent : types.directSupertypes(type.asType())) {
      all.addAll(ancestors((TypeElement) types.asElement(parent)));
    }
    return all;
  }

  private JsonKind form(TypeElement type) {
    if (type.getKind() == ElementKind.ENUM) {
      return new Constants(constants(type));
    }
    List<JsonKind> alternatives = alternatives(type);
    if (!alternatives.isEmpty()) {
      return new OneOf(alternatives);
    }
    ExecutableElement method = jsonMethod(type).orElseThrow();
    TypeElement outer = self;
    self = type;
    JsonKind form = isObject(method.getReturnType())
        ? body(method)
        : value(method.getReturnType()).kind();
    self = outer;
    return form;
  }

  /** What implements a sealed interface or one that enums implement. */
  private List<JsonKind> alternatives(TypeElement type) {
    List<TypeElement> types = rows.values().stream()
        .filter(row -> !row.equals(type) && row.getKind() != ElementKind.INTERFACE)
        .filter(row -> this.types.isSubtype(row.asType(), type.asType()))
        .toList();
    return type.getModifiers().contains(Modifier.SEALED)
            || types.stream().anyMatch(row -> row.getKind() == ElementKind.ENUM)
        ? types.stream().<JsonKind>map(row -> new Reference(name(row))).toList()
        : List.of();
  }

  private List<Object> constants(TypeElement type) {
    try {
      return Stream.of(Class.forName(elements.getBinaryName(type).toString()).getEnumConstants())
          .map(each -> valueOf(each).orElseThrow())
          .toList();
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What a method with one return statement returns. */
  private JsonKind body(ExecutableElement method) {
    return returned(method).map(this::object).orElse(Plain.OBJECT);
  }

  private Optional<TreePath> returned(ExecutableElement method) {
    TreePath path = methods.get(method);
    if (path == null || ((MethodTree) path.getLeaf()).getBody() == null) {
      return Optional.empty();
    }
    BlockTree body = ((MethodTree) path.getLeaf()).getBody();
    List<TreePath> returned = new ArrayList<>();
    new TreePathScanner<Void, Void>() {
      @Override
      public Void visitReturn(ReturnTree node, Void none) {
        returned.add(new TreePath(getCurrentPath(), node.getExpression()));
        return null;
      }

      @Override
      public Void visitLambdaExpression(LambdaExpressionTree node, Void none) {
        return null;
      }

      @Override
      public Void visitClass(ClassTree node, Void none) {
        return null;
      }
    }.scan(new TreePath(path, body), null);
    return returned.size() == 1 ? Optional.of(returned.get(0)) : Optional.empty();
  }

  /** The fields that an expression collects. */
  private JsonKind object(TreePath path) {
    if (!(path.getLeaf() instanceof MethodInvocationTree call)) {
      return Plain.OBJECT;
    }
    ExecutableElement method = method(path, call);
    String name = method.getSimpleName().toString();
    List<TreePath> arguments = arguments(path, call);
    if (!isJsonFields(method.getEnclosingElement().asType())) {
      if (name.equals("toJson")) {
        JsonKind form = form(receiverType(path, call));
        return form instanceof OneOf several ? merged(several) : form;
      }
      return isObject(method.getReturnType()) || isJsonFields(method.getReturnType())
          ? body(method)
          : Plain.OBJECT;
    }
    return switch (name) {
      case "of" ->
        arguments.size() == 1
            ? value(type(arguments.get(0))).kind()
            : with(new Fields(new TreeMap<>()), arguments);
      case "and" -> with((Fields) object(receiver(path, call)), arguments);
      case "andAll" -> {
        Fields fields = (Fields) object(receiver(path, call));
        fields.fields().putAll(((Fields) object(arguments.get(0))).fields());
        yield fields;
      }
      case "map" -> object(receiver(path, call));
      default -> Plain.OBJECT;
    };
  }

  /** An object with the fields of one of several rows; required are those that all have. */
  private Fields merged(OneOf rowNames) {
    List<SortedMap<String, Field>> all = rowNames.kinds().stream()
        .map(row -> ((Fields) form(rows.get(row.words()))).fields())
        .toList();
    Fields merged = new Fields(new TreeMap<>());
    for (SortedMap<String, Field> fields : all) {
      for (String name : fields.keySet()) {
        List<JsonKind> kinds = all.stream()
            .filter(some -> some.containsKey(name))
            .map(some -> some.get(name).kind())
            .distinct()
            .toList();
        boolean required = all.stream()
            .allMatch(some -> some.containsKey(name) && some.get(name).required());
        merged.fields().put(name, new Field(OneOf.of(kinds), required));
      }
    }
    return merged;
  }

  private Fields with(Fields fields, List<TreePath> nameAndValue) {
    String name = (String) ((LiteralTree) nameAndValue.get(0).getLeaf()).getValue();
    fields.fields().put(name, value(nameAndValue.get(1)));
    return fields;
  }

  /** The kind of an expression, and whether its value is always present. */
  private Field value(TreePath path) {
    Tree tree = path.getLeaf();
    if (tree instanceof LiteralTree literal
        && (literal.getValue() instanceof String || literal.getValue() instanceof Boolean)) {
      return new Field(new Constants(List.of(literal.getValue())), true);
    }
    if (tree instanceof ConditionalExpressionTree either) {
      TreePath first = new TreePath(path, either.getTrueExpression());
      TreePath second = new TreePath(path, either.getFalseExpression());
      if (isNull(first)) {
        return new Field(value(second).kind(), false);
      }
      return isNull(second)
          ? new Field(value(first).kind(), false)
          : new Field(OneOf.of(List.of(value(first).kind(), value(second).kind())), true);
    }
    if (tree instanceof MethodInvocationTree call) {
      ExecutableElement method = method(path, call);
      String name = method.getEnclosingElement().getSimpleName() + "." + method.getSimpleName();
      List<TreePath> arguments = arguments(path, call);
      if (name.equals("JsonFields.name")) {
        return new Field(
            new Constants(((TypeElement) types.asElement(type(arguments.get(0))))
                .getEnclosedElements().stream()
                    .filter(constant -> constant.getKind() == ElementKind.ENUM_CONSTANT)
                    .<Object>map(constant ->
                        constant.getSimpleName().toString().toLowerCase().replace('_', '-'))
                    .toList()),
            true);
      }
      if (name.equals("List.of")) {
        return new Field(
            arguments.isEmpty()
                ? Plain.EMPTY_LIST
                : new ListOf(value(arguments.get(0)).kind()),
            true);
      }
      if (name.equals("Map.of")) {
        Fields fields = new Fields(new TreeMap<>());
        for (int i = 0; i < arguments.size(); i += 2) {
          with(fields, arguments.subList(i, i + 2));
        }
        return new Field(fields, true);
      }
      if (method.getSimpleName().contentEquals("toJson")) {
        return value(receiverType(path, call).asType());
      }
      if (name.equals("Optional.map")
          && arguments.get(0).getLeaf() instanceof MemberReferenceTree reference
          && reference.getName().contentEquals("toJson")) {
        TreePath type = new TreePath(arguments.get(0), reference.getQualifierExpression());
        return new Field(value(type(type)).kind(), false);
      }
      if (method.getSimpleName().contentEquals("code")) {
        Optional<TreePath> text = returned(own(method)).filter(JsonForms::isText);
        if (text.isPresent()) {
          return value(text.get());
        }
      }
    }
    return value(type(path));
  }

  /** The kind of a declared type, and whether its value is always present. */
  private Field value(TypeMirror type) {
    if (type.getKind().isPrimitive()) {
      return new Field(
          type.getKind() == TypeKind.BOOLEAN
              ? Plain.BOOLEAN
              : type.getKind() == TypeKind.DOUBLE ? Plain.NUMBER : Plain.WHOLE_NUMBER,
          true);
    }
    if (!(type instanceof DeclaredType declared)) {
      return value(types.erasure(type));
    }
    TypeElement element = (TypeElement) declared.asElement();
    String name = element.getQualifiedName().toString();
    List<? extends TypeMirror> arguments = declared.getTypeArguments();
    if (name.startsWith("io.github.mig4j.")) {
      return new Field(
          rows.containsValue(element) ? new Reference(name(element)) : form(element), true);
    }
    if (name.equals("java.util.Optional")) {
      return new Field(value(arguments.get(0)).kind(), false);
    }
    if (name.matches("java\\.util\\.Optional(Int|Long)")) {
      return new Field(Plain.WHOLE_NUMBER, false);
    }
    if (isA(type, Collection.class)) {
      return new Field(new ListOf(value(arguments.get(0)).kind()), true);
    }
    if (isA(type, Map.class)) {
      return new Field(new MapOf(value(arguments.get(1)).kind()), true);
    }
    Plain plain = switch (name) {
      case "java.lang.Integer", "java.lang.Long", "java.math.BigInteger" -> Plain.WHOLE_NUMBER;
      case "java.lang.Double" -> Plain.NUMBER;
      case "java.lang.Boolean" -> Plain.BOOLEAN;
      case "java.lang.Record" -> Plain.OBJECT;
      case "java.lang.Object" -> Plain.ANY;
      case "java.lang.String", "java.time.Duration", "java.time.Instant" -> Plain.TEXT;
      default -> throw new IllegalStateException("The kind of %s is not known".formatted(type));
    };
    return new Field(plain, true);
  }

  private boolean isA(TypeMirror type, Class<?> parent) {
    return types.isSubtype(
        types.erasure(type),
        types.erasure(elements.getTypeElement(parent.getName()).asType()));
  }

  private boolean isObject(TypeMirror type) {
    return type.toString().equals("java.util.Map<java.lang.String,java.lang.Object>");
  }

  private boolean isJsonFields(TypeMirror type) {
    return type.toString().equals("io.github.mig4j.text.JsonFields");
  }

  /** A method as the type has it whose form is read. */
  private ExecutableElement own(ExecutableElement method) {
    return ElementFilter.methodsIn(elements.getAllMembers(self)).stream()
        .filter(each -> elements.overrides(each, method, self))
        .findFirst()
        .orElse(method);
  }

  private static boolean isText(TreePath path) {
    return path.getLeaf().getKind() == Tree.Kind.STRING_LITERAL;
  }

  private static boolean isNull(TreePath path) {
    return path.getLeaf().getKind() == Tree.Kind.NULL_LITERAL;
  }

  private TypeMirror type(TreePath path) {
    return trees.getTypeMirror(path);
  }

  private ExecutableElement method(TreePath path, MethodInvocationTree call) {
    Element method = trees.getElement(new TreePath(path, call.getMethodSelect()));
    return (ExecutableElement) method;
  }

  private static List<TreePath> arguments(TreePath path, MethodInvocationTree call) {
    return call.getArguments().stream()
        .map(argument -> new TreePath(path, argument))
        .toList();
  }

  private static TreePath receiver(TreePath path, MethodInvocationTree call) {
    ExpressionTree select = call.getMethodSelect();
    return new TreePath(new TreePath(path, select), ((MemberSelectTree) select).getExpression());
  }

  private TypeElement receiverType(TreePath path, MethodInvocationTree call) {
    return (TypeElement) types.asElement(type(receiver(path, call)));
  }

  /** The rows of the page. */
  String toTable() {
    return forms.entrySet().stream()
        .map(row -> "| `%s` | %s |%n"
            .formatted(
                row.getKey(),
                row.getValue() instanceof Fields fields && !fields.fields().isEmpty()
                    ? fields.list()
                    : row.getValue().words()))
        .collect(Collectors.joining("", "| type | form |\n|---|---|\n", ""));
  }

  /** A JSON Schema (2020-12) with a definition for each type. */
  String toSchema() {
    ObjectNode schema = new ObjectMapper().createObjectNode();
    schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    schema.put("title", "The JSON of mig4j");
    ObjectNode definitions = schema.putObject("$defs");
    forms.forEach((type, form) -> form.describe(definitions.putObject(type)));
    return schema.toPrettyString() + "\n";
  }
}
