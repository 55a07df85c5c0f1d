use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Insert(u8, i32),
    Remove(u8),
    RetainEven,
    Rename(u8, u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0u8..60, any::<i32>()).prop_map(|(k, v)| Step::Insert(k, v)),
        2 => (0u8..60).prop_map(Step::Remove),
        1 => Just(Step::RetainEven),
        1 => (0u8..60, 60u8..90).prop_map(|(a, b)| Step::Rename(a, b)),
    ]
}

fn name(key: u8) -> String {
    format!("k{key}")
}

proptest! {
    /// Small maps, which are searched, and large ones, which are hashed, behave as one.
    #[test]
    fn a_map_is_a_map(steps in proptest::collection::vec(step(), 0..120)) {
        let (mut ours, mut model) = (MapValue::new(), HashMap::<String, i32>::new());
        for step in steps {
            match step {
                Step::Insert(k, v) => {
                    let before = ours.insert(name(k), v);
                    prop_assert_eq!(before, model.insert(name(k), v).map(Value::from));
                }
                Step::Remove(k) => prop_assert_eq!(ours.remove(&name(k)), model.remove(&name(k)).map(Value::from)),
                Step::RetainEven => {
                    ours.retain(|_, v| v.as_i64().is_some_and(|v| v % 2 == 0));
                    model.retain(|_, v| *v % 2 == 0);
                }
                Step::Rename(from, to) => {
                    // What has the new name already makes way, so that both sides agree which one stays.
                    ours.remove(&name(to));
                    ours.rename(|key| (key.as_str() == Some(&name(from))).then(|| name(to).into()));
                    if let Some(value) = model.remove(&name(from)) {
                        model.insert(name(to), value);
                    } else {
                        model.remove(&name(to));
                    }
                }
            }
            prop_assert_eq!(ours.len(), model.len());
            for (key, value) in &model {
                prop_assert_eq!(ours.get(key), Some(&Value::from(*value)));
                prop_assert_eq!(ours.get_key(&Value::string(key)), Some(&Value::from(*value)));
            }
        }
        let again: MapValue = ours.iter().map(|(k, v)| (k.clone(), v.clone())).collect::<Vec<_>>().into_iter().rev().collect();
        prop_assert_eq!(again, ours);
    }
}
