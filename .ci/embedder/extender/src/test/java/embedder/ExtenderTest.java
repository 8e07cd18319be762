package embedder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.mig4j.fleet.Fleet;
import io.github.mig4j.fleet.FleetGpu;
import io.github.mig4j.gpu.MigProfile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ExtenderTest {

  /** The decisions of a scan with the same criteria. */
  @Test
  void place_decidesAsAListScan() {
    List<FleetGpu> cluster = ExtenderLoad.cluster(240);
    Extender extender = new Extender(ExtenderLoad.POLICY);
    extender.resync(cluster);
    ListScan scan = new ListScan(cluster);
    Random random = new Random(7);
    List<Long> running = new ArrayList<>();
    int placed = 0;
    for (int i = 0; i < 3000; i++) {
      if (i % 4 == 3) {
        long ended = running.remove(random.nextInt(running.size()));
        extender.free(ended);
        scan.free(ended);
      }
      String profile = ExtenderLoad.PROFILES.get(random.nextInt(ExtenderLoad.PROFILES.size()));
      long ours = extender.place(extender.request(profile));
      long theirs = scan.place(MigProfile.parse(profile), ExtenderLoad.CRITERIA);
      assertEquals(theirs, ours, () -> profile + " of " + cluster.size() + " GPUs");
      if (ours != Fleet.NONE) {
        running.add(ours);
        placed++;
      }
    }
    assertTrue(placed > 500 && placed < 3000, placed + " were placed");
  }

  @Test
  void verbs_nameNodesAndPlaces() {
    Extender extender = new Extender(ExtenderLoad.POLICY);
    extender.resync(ExtenderLoad.cluster(40));
    List<String> nodes = List.of("node-0", "node-2", "node-3");

    assertEquals(
        List.of("node-2"), extender.filter("3g.40gb", List.of("node-1", "node-2", "gone")));
    assertEquals(Optional.of("node-2/0 3g.40gb@4:4"), extender.bind("3g.40gb", nodes));
    assertEquals(Optional.empty(), extender.bind("3g.40gb", List.of("node-3")));
    Map<String, Integer> scores = extender.prioritize("3g.40gb", nodes);
    assertEquals(0, scores.get("node-3"));
    assertTrue(scores.get("node-2") >= 1 && scores.get("node-2") <= 10, scores.toString());
  }
}
